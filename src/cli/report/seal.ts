/**
 * What a built report may load: what it carries. Allure's page asks Google Analytics for a script, and there is no option
 * against it; a report holds addresses and errors of a staging site, and must open where there is no network.
 */
const POLICY = [
  "default-src 'none'", "script-src 'unsafe-inline' data: blob:", "style-src 'unsafe-inline' data: blob:", 'img-src data: blob:', 'font-src data:',
  'media-src data: blob:', 'connect-src data: blob:', 'frame-src data: blob:', 'worker-src data: blob:', "form-action 'none'",
].join('; ');

/** Forbidden by the policy whatever it comes to be called; without the element there is no error for it in the console either. */
const GOOGLE = /<script async src="https:\/\/www\.googletagmanager\.com\/[^"]*"><\/script>/;

/** Returns a built page that loads nothing from anywhere. Throws where the page has no head to put the policy in. */
export function sealed(page: string): string {
  if (!page.includes('<head>')) throw new Error('the page that Allure built has no <head>');
  return page.replace(GOOGLE, '').replace('<head>', `<head>\n    <meta http-equiv="Content-Security-Policy" content="${POLICY}">`);
}
