import { expect, test } from "vitest";
import { showNotices } from "../../../src/plugin/show-notices.ts";
import type { HostState } from "../../../src/remote/host.ts";

test("each notice is shown once, whatever the host says how often, and without control characters", () => {
  const shown: string[] = [];
  const client = {
    tui: {
      showToast: async ({ body }: { body: { message: string; variant: string } }) => {
        expect(body.variant).toBe("warning");
        shown.push(body.message);
      },
    },
  };
  let tell: (state: HostState) => void = () => {};
  let isListening = true;
  const host = {
    onState(listener: typeof tell) {
      tell = listener;
      return () => {
        isListening = false;
      };
    },
  };
  const stop = showNotices(client as never, host as never);
  const connected = (...notices: string[]) => tell({ kind: "connected", hostKey: "SHA256:x", notices });
  tell({ kind: "connecting" });
  connected();
  connected("One.", "Two\x1b[31m.");
  connected("One.");
  tell({ kind: "failed", reason: "Lost." });
  connected("One.", "Three.");
  expect(shown).toEqual(["One.\nTwo.", "Three."]);
  stop();
  expect(isListening).toBe(false);
});
