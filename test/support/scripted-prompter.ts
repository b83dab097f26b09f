import type { Prompter, Question } from "../../src/remote/prompter.ts";

/** Answers every question in the same way and keeps what it was asked. */
export function scripted(answer: (question: Question, signal: AbortSignal) => unknown) {
  const asked: Question[] = [];
  const prompter: Prompter = {
    async ask(question, signal) {
      asked.push(question);
      // On purpose also what the interface does not allow.
      return (await answer(question, signal)) as string | undefined;
    },
  };
  return { asked, prompter };
}
