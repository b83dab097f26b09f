import { tui } from "./tui/plugin.tsx";

export default { id: "opencode-remote-code", tui };
