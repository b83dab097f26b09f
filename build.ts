import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { transformAsync } from "@babel/core";
import { build, type Metafile, type Plugin } from "esbuild";

/** Modules that OpenCode itself provides to TUI plugins; a second copy of solid would have signals of its own. */
const hostModules = ["@opentui/core", "@opentui/solid", "@opentui/keymap", "solid-js"];

/** ssh2's native parts are optional (`require` in a `try`); the bundle leaves them out and ssh2 uses the runtime's crypto. */
const withoutNativeParts: Plugin = {
  name: "without-native-parts",
  setup(b) {
    b.onResolve({ filter: /\.node$|^cpu-features$/ }, (args) => ({ path: args.path, namespace: "absent" }));
    b.onLoad({ filter: /.*/, namespace: "absent" }, (args) => ({
      contents: `throw new Error(${JSON.stringify(`${args.path} is not part of this bundle`)});`,
    }));
  },
};

/** Solid's JSX needs its own compiler; `generate: universal` is what OpenTUI's renderer takes. */
const solid: Plugin = {
  name: "solid",
  setup(b) {
    b.onLoad({ filter: /\.tsx$/ }, async ({ path }) => {
      const out = await transformAsync(await readFile(path, "utf8"), {
        filename: path,
        sourceMaps: "inline",
        configFile: false,
        babelrc: false,
        presets: [
          ["babel-preset-solid", { generate: "universal", moduleName: "@opentui/solid" }],
          "@babel/preset-typescript",
        ],
      });
      return { contents: out?.code ?? "", loader: "js" };
    });
  },
};

/** `node_modules/name` or `node_modules/@scope/name`, wherever it lies, of a file of a package. */
const packageOf = (file: string) => /^.*(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];

/**
 * Name, version and licence of every npm package with code in the bundles, as most licences ask of those who pass copies
 * on. The licence is what its LICENSE, COPYING and NOTICE files say; the word of its package.json where it has none.
 */
async function thirdPartyLicenses(metafile: Metafile): Promise<string> {
  const files = Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  const directories = new Set(files.flatMap((file) => packageOf(file) ?? []));
  const sections = [...directories].map(async (directory) => {
    const { name, version, license } = JSON.parse(await readFile(join(directory, "package.json"), "utf8"));
    const names = (await readdir(directory))
      .filter((each) => /^(licen[cs]e|copying|notice)(\.|-|$)/i.test(each))
      .sort();
    const texts = await Promise.all(names.map((each) => readFile(join(directory, each), "utf8")));
    const text = texts.map((each) => each.replaceAll("\r\n", "\n").trim()).join("\n\n") || license;
    if (!text) throw new Error(`${directory} says nothing about its licence, so it cannot go into the bundle.`);
    return `${name} ${version}\n\n${text}\n`;
  });
  // The same version may lie in several places.
  const unique = [...new Set(await Promise.all(sections))].sort();
  return unique.join(`\n${"=".repeat(80)}\n\n`);
}

await rm("dist", { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: ["src/index.ts", "src/tui.tsx", "src/cli.ts"],
  outdir: "dist",
  bundle: true,
  metafile: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: true,
  legalComments: "none",
  loader: { ".sh": "text" },
  external: hostModules,
  plugins: [withoutNativeParts, solid],
  // ssh2 and its dependencies are CommonJS: they call `require` for Node's own modules and name their file and directory.
  banner: {
    js: [
      'import { createRequire as __createRequire } from "node:module";',
      'import { fileURLToPath as __fileURLToPath } from "node:url";',
      'const require = __createRequire(import.meta.url), __filename = __fileURLToPath(import.meta.url), __dirname = __fileURLToPath(new URL(".", import.meta.url));',
    ].join(""),
  },
  logLevel: "warning",
});
await writeFile("dist/THIRD-PARTY-LICENSES.txt", await thirdPartyLicenses(metafile));
