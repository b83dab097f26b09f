import { createHash } from "node:crypto";
import { join } from "node:path";
import { isInside, type RemotePath, relative } from "../remote/path.ts";

/** Names that Windows reserves in every directory, with any extension (Microsoft: Naming Files, Paths, and Namespaces). */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
/** Local file systems take 255 bytes; longer names are cut and told apart by their hash. */
const maxName = 200;

/**
 * Where the content of a remote file lies in the local mirror. Injective on every local file system: whatever it could merge
 * (case, Unicode forms) or refuse (Windows names, length) is percent-encoded. A pure function of our own request.
 */
export function mirrorPath(mirror: string, root: RemotePath, path: RemotePath): string {
  const inside = isInside(root, path);
  const parts = (inside ? relative(root, path) : path).split("/").filter(Boolean);
  // `f` files and `d` directories: a remote file may become a directory, and both names must be free in the mirror.
  const names = parts.map((part, i) => (i === parts.length - 1 ? "f" : "d") + encodeName(part));
  return join(mirror, inside ? "root" : "outside", ...(names.length ? names : ["f"]));
}

/** One component: lower-case ASCII letters, digits and `._- ` stand for themselves, all else is `%XX` of its UTF-8 bytes. */
function encodeName(name: string): string {
  const plain = name.replace(/[^a-z0-9._ -]/gu, (c) =>
    [...Buffer.from(c, "utf8")].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
  const safe = plain.replace(/[. ]$/, (c) => (c === "." ? "%2E" : "%20"));
  const open = reserved.test(name) ? `%${safe.charCodeAt(0).toString(16).toUpperCase()}${safe.slice(1)}` : safe;
  if (open.length <= maxName) return open;
  return `${open.slice(0, maxName - 65)}%~${createHash("sha256").update(name).digest("hex").slice(0, 60)}`;
}
