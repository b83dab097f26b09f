declare const brand: unique symbol;

/**
 * An absolute, normalised POSIX path on the remote: begins with `/`, no `.`/`..`/empty component, no trailing slash
 * (except the root itself), no NUL. A JavaScript string, so names that are not UTF-8 cannot be expressed.
 */
export type RemotePath = string & { readonly [brand]: "RemotePath" };

/** Resolves `path` as the remote would, lexically: `~` is not special, symlinks are not followed. */
export function remotePath(path: string, base?: RemotePath): RemotePath {
  if (path.includes("\0")) throw new TypeError("A remote path cannot contain a NUL byte.");
  const absolute = path.startsWith("/") ? path : base === undefined ? undefined : `${base}/${path}`;
  if (absolute === undefined) throw new TypeError(`${JSON.stringify(path)} is not an absolute path.`);
  const kept: string[] = [];
  for (const part of absolute.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") kept.pop();
    else kept.push(part);
  }
  return `/${kept.join("/")}` as RemotePath;
}

export const dirname = (path: RemotePath): RemotePath => remotePath(`${path}/..`);

/** The last component; empty for the root. */
export const basename = (path: RemotePath): string => path.slice(path.lastIndexOf("/") + 1);

/** True when `path` is `dir` itself or lies below it, lexically. */
export const isInside = (dir: RemotePath, path: RemotePath): boolean =>
  path === dir || path.startsWith(dir === "/" ? "/" : `${dir}/`);

/** `path` seen from `from`, with `..` where needed; `""` when they are the same (as Node's `path.relative`). */
export function relative(from: RemotePath, path: RemotePath): string {
  const a = from.split("/").filter(Boolean);
  const b = path.split("/").filter(Boolean);
  let shared = 0;
  while (shared < a.length && shared < b.length && a[shared] === b[shared]) shared++;
  return [...a.slice(shared).map(() => ".."), ...b.slice(shared)].join("/");
}
