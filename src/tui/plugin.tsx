import type { TuiPlugin } from "@opencode-ai/plugin/tui";
import { createSignal } from "solid-js";
import { askForStatus, decodeStatus, type Status } from "../status/status.ts";
import { badge } from "./badge.ts";

/** A server plugin that is alive answers within milliseconds; until this time (ms) nothing is claimed. */
const overdueAfterMs = 5_000;
/** The server plugin may start later than the TUI; asking again is cheap. Milliseconds, and how often at most. */
const askEveryMs = 250;
const maxQuestions = 40;

/** Shows the machine beside both prompts. Without `REMOTE_SSH` OpenCode stays as it is. */
export const tui: TuiPlugin = async (api) => {
  if (!process.env.REMOTE_SSH?.trim()) return;
  const [status, setStatus] = createSignal<Status>();
  const [overdue, setOverdue] = createSignal(false);

  const off = api.event.on("tui.command.execute", (event) => {
    const next = decodeStatus(event.properties.command);
    if (next) setStatus(next);
  });
  const ask = () => {
    const body = { type: "tui.command.execute" as const, properties: { command: askForStatus() } };
    // Not being heard is what the overdue badge is for.
    void api.client.tui.publish({ body }).catch(() => {});
  };
  let asked = 0;
  const timer = setInterval(() => {
    if (status() || ++asked >= maxQuestions) clearInterval(timer);
    else ask();
  }, askEveryMs);
  const deadline = setTimeout(() => setOverdue(true), overdueAfterMs);
  api.lifecycle.onDispose(() => {
    off();
    clearInterval(timer);
    clearTimeout(deadline);
  });
  ask();

  const Badge = () => {
    const shown = () => badge(status(), overdue());
    return <text fg={api.theme.current[shown().tone]}>{shown().text}</text>;
  };
  api.slots.register({
    order: 100,
    slots: { home_prompt_right: () => <Badge />, session_prompt_right: () => <Badge /> },
  });
};
