import { server } from "./plugin/server.ts";

export default { id: "opencode-remote-code", server };
