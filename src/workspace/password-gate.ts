/** What the command lines of a session share: one attempt at a time, and none after a refusal. */
export interface PasswordGate {
  readonly isRefused: boolean;
  refuse(): void;
  /** Calls back when it is the caller's turn, which lasts until `leave`. */
  enter(proceed: () => void): void;
  leave(): void;
}

export function passwordGate(): PasswordGate {
  const waiting: (() => void)[] = [];
  let isTaken = false;
  let isRefused = false;
  return {
    get isRefused() {
      return isRefused;
    },
    refuse() {
      isRefused = true;
    },
    enter(proceed) {
      if (isTaken) return void waiting.push(proceed);
      isTaken = true;
      proceed();
    },
    leave() {
      const next = waiting.shift();
      if (next) next();
      else isTaken = false;
    },
  };
}
