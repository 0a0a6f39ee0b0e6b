import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Browser } from 'playwright';
import type { Role } from '../model/index.ts';
import { resolverRules } from '../plan/browser-hosts.ts';
import type { ResolvedBrowser } from './browser.ts';
import { ownUserAgent } from './browser-agent.ts';
import { autogroupsRule, isInCrowdCgroup, makeCrowdCgroup } from './crowd-cgroup.ts';

/** A started browser with the process id of its main process. */
export interface LaunchedBrowser {
  browser: Browser;
  pid: number;
}

export type Launch = (role: Role) => Promise<LaunchedBrowser>;

const TASKPOLICY = '/usr/sbin/taskpolicy';

const ARGS = [
  // Root inside containers and CI has no user namespaces for the sandbox; pages under test are the tester's own.
  '--no-sandbox',
  // A container's /dev/shm is often 64 MB, and a full one crashes pages.
  '--disable-dev-shm-usage',
  // The wakes of a browser at rest: no answer of the site under test depends on them.
  '--disable-background-networking',
  '--no-pings',
];

/**
 * Returns what keeps a browser from sending to other hosts. In its own resolver, since interception (`page.route`) would add
 * a message each way to every request, and switch its cache off. A proxy would resolve names itself, so none is used. WebRTC sends
 * to addresses that nobody resolves: without a proxy for UDP, it sends none.
 */
export function hostArgs(hosts: readonly string[]): string[] {
  return [
    `--host-resolver-rules=${resolverRules(hosts)}`, '--proxy-server=direct://', '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  ];
}

/**
 * Returns a function that starts a browser for a role: observers at normal priority, the crowd at the lowest.
 * `folder` takes two small files a browser: a start script and the process id. Beside this machine's own, the browsers may
 * send to these hosts alone; null lets them send anywhere, for a comparison. `agentTag` follows their own user agent, by a
 * switch: a context's own setting does not reach the scripts of service workers.
 */
export function createLauncher(resolved: ResolvedBrowser, folder: string, hosts: readonly string[] | null = [], agentTag?: string): Launch {
  let started = 0;
  const plain = hosts === null ? ARGS : [...ARGS, ...hostArgs(hosts)];
  mkdirSync(folder, { recursive: true });
  return async (role) => {
    const args = agentTag === undefined ? plain : [...plain, `--user-agent=${await ownUserAgent(resolved, plain)} ${agentTag}`];
    const name = join(folder, `${role}-${++started}`);
    writeFileSync(`${name}.sh`, startScript(resolved.executablePath, role, `${name}.pid`));
    chmodSync(`${name}.sh`, 0o755);
    const browser = await chromium.launch({
      executablePath: `${name}.sh`,
      headless: true,
      args,
      env: { ...process.env, ...resolved.env },
      // The run ends its own browsers in its own order; a signal to the process group must not do it first.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    return { browser, pid: Number(readFileSync(`${name}.pid`, 'utf8')) };
  };
}

/**
 * The script sets the priority before the browser begins, since threads and child processes take it over only when they
 * are made later. On Linux with `sched_autogroup_enabled`, `nice` alone does nothing between sessions, and each browser is
 * a session of its own: so the session's autogroup gets it too. Inside a CPU cgroup there is no autogroup and `nice` counts.
 * There, a child cgroup of the lowest weight is used as well where we may make one: many nice threads together would still
 * weigh as much as one that is not. macOS has `taskpolicy -b`. Run by root, Chromium raises its main threads to -8 again, so the crowd loses the capability for that where `setpriv` is.
 */
function startScript(executable: string, role: Role, pidFile: string): string {
  const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  const lines = ['#!/bin/sh', `echo $$ > ${quote(pidFile)}`];
  if (role === 'crowd') {
    const background = process.platform === 'darwin' && existsSync(TASKPOLICY) ? `${TASKPOLICY} -b ` : '';
    const lowest = `${background}nice -n 19 ${quote(executable)} "$@"`;
    const cgroup = makeCrowdCgroup();
    if (cgroup !== null) lines.push(`{ echo $$ > ${quote(join(cgroup, 'cgroup.procs'))}; } 2>/dev/null`);
    const unraised = 'setpriv --bounding-set=-sys_nice';
    lines.push('{ echo 19 > /proc/self/autogroup; } 2>/dev/null', `if ${unraised} true 2>/dev/null; then exec ${unraised} ${lowest}; fi`, `exec ${lowest}`);
  } else {
    lines.push(`exec ${quote(executable)} "$@"`);
  }
  return `${lines.join('\n')}\n`;
}

/** Returns, for people and the record, which priority is in force for a crowd browser's process. */
export function describePriority(pid: number): string {
  const autogroup = readProc(`/proc/${pid}/autogroup`)?.match(/nice (-?\d+)/)?.[1] ?? null;
  const nice = readProc(`/proc/${pid}/stat`)?.replace(/^.*\) /s, '').split(' ')[16] ?? null;
  if (nice === null) return process.platform === 'darwin' && existsSync(TASKPOLICY) ? 'lowest (taskpolicy -b)' : 'unknown on this system';
  const niced = nice === '19';
  if (autogroupsRule()) {
    if (autogroup === '19') return `lowest (autogroup 19, nice ${nice})`;
    return niced ? 'lowest (nice 19; autogroup not writable, so it may not count)' : `not in force (nice ${nice})`;
  }
  if (isInCrowdCgroup(pid)) return `lowest (cgroup weight, nice ${nice})`;
  return niced ? 'lowest (nice 19)' : `not in force (nice ${nice})`;
}

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Returns which priority the crowd gets here, tried on a process that only waits. */
export async function probePriority(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const script = join(folder, 'priority-probe.sh');
  const pidFile = join(folder, 'priority-probe.pid');
  writeFileSync(script, startScript('/bin/sleep', 'crowd', pidFile));
  chmodSync(script, 0o755);
  const child = spawn(script, ['2'], { stdio: 'ignore', detached: true });
  try {
    await once(child, 'spawn');
    // `exec nice` and `exec sleep` take a moment; the state counts once the last program runs.
    for (let tries = 0; tries < 100 && readProc(`/proc/${child.pid}/comm`)?.trim() !== 'sleep'; tries += 1) await sleep(5);
    return describePriority(child.pid ?? 0);
  } catch {
    return 'unknown on this system';
  } finally {
    child.kill('SIGKILL');
    rmSync(script, { force: true });
    rmSync(pidFile, { force: true });
  }
}

/** Ends browsers whose process ids stand in the folder; for a harness that could not close them. Returns how many it ended. */
export function endLeftovers(folder: string): number {
  let ended = 0;
  for (const file of existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.pid')) : []) {
    const pid = Number(readProc(join(folder, file)));
    // The id may have gone to somebody else's process since: only one that was started by our script counts.
    if (!pid || !readProc(`/proc/${pid}/cmdline`)?.includes('--remote-debugging-pipe')) continue;
    try {
      process.kill(pid, 'SIGKILL');
      ended += 1;
    } catch {
      // Already gone, which is what was wanted.
    }
  }
  return ended;
}
