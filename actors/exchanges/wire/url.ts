// Addresses as a configuration names them, and as they may be shown.

/** The venue's own path where the configuration names only a host. */
export function withPath(url: string, path: string): string {
  const target = new URL(url);
  if (target.pathname === '' || target.pathname === '/') target.pathname = path;
  return target.href;
}

/** Scheme and host: user names, paths and queries may hold secrets. */
export function placeOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
