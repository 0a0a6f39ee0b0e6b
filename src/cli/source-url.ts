/**
 * Returns where this commit's files stand on the web, with a slash at its end, as a GitHub workflow tells it; null
 * elsewhere. Reports that are read there link to it.
 */
export function sourceUrl(environment: NodeJS.ProcessEnv): string | null {
  const { GITHUB_SERVER_URL: server = '', GITHUB_REPOSITORY: repository = '', GITHUB_SHA: commit = '' } = environment;
  const isServer = /^https:\/\/[\w.:-]+$/.test(server);
  const isCommit = /^[\w.-]+\/[\w.-]+$/.test(repository) && /^[0-9a-f]{40,64}$/.test(commit);
  return isServer && isCommit ? `${server}/${repository}/blob/${commit}/` : null;
}
