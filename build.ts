import { readFile, rm } from "node:fs/promises";
import { transformAsync } from "@babel/core";
import { build, type Plugin } from "esbuild";

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

await rm("dist", { recursive: true, force: true });
await build({
  entryPoints: ["src/index.ts", "src/tui.tsx", "src/cli.ts"],
  outdir: "dist",
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: true,
  legalComments: "none",
  loader: { ".sh": "text" },
  external: hostModules,
  plugins: [withoutNativeParts, solid],
  // ssh2 and its dependencies are CommonJS: they call `require` for Node's own modules and name their directory.
  banner: {
    js: [
      'import { createRequire as __createRequire } from "node:module";',
      'import { fileURLToPath as __fileURLToPath } from "node:url";',
      'const require = __createRequire(import.meta.url), __dirname = __fileURLToPath(new URL(".", import.meta.url));',
    ].join(""),
  },
  logLevel: "warning",
});
