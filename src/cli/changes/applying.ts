import type { ApplyEvent, ChangeKind } from "../../rules/plan/index.ts";
import type { CommandContext } from "../context.ts";
import { dim, green, red, rich, type Text, type Waiting, yellow } from "../../core/terminal/index.ts";

const past: Readonly<Record<ChangeKind, string>> = {
  create: "created",
  update: "changed",
  replace: "replaced",
  delete: "deleted",
  blocked: "left",
  none: "left",
};

const counted = (count: number): string => `${count} resource${count === 1 ? "" : "s"}`;

interface WaitReason {
  readonly reason: string;
  readonly deadline: number;
}

/** Shows one wait at a time, however many there are: the next one once it has ended. */
class WaitLine {
  readonly #progress: CommandContext["progress"];
  /** The waits that are not shown, each with its last reason. */
  readonly #others = new Map<string, WaitReason>();
  #on: (WaitReason & { readonly what: string; readonly line: Waiting }) | undefined;

  constructor(progress: CommandContext["progress"]) {
    this.#progress = progress;
  }

  update(what: string, reason: string, deadline: number): void {
    if (this.#on !== undefined && this.#on.what !== what) {
      this.#others.set(what, { reason, deadline });
      return;
    }
    if (this.#on?.reason === reason) return;
    this.#close((line) => line.done(`waited: ${this.#on?.reason ?? ""}`));
    this.#on = { what, reason, deadline, line: this.#progress.wait({ what, reason, deadline }) };
  }

  /** This one is waited for no longer. */
  over(what: string): void {
    this.#others.delete(what);
    if (this.#on?.what !== what) return;
    this.end();
    const [next] = this.#others;
    if (next === undefined) return;
    const [other, { reason, deadline }] = next;
    this.#others.delete(other);
    this.update(other, reason, deadline);
  }

  end(text?: string): void {
    this.#close((line) => line.done(text ?? `waited: ${this.#on?.reason ?? ""}`));
  }

  /** Ends the wait for this one, or for all where what is waited for is reported as one. */
  fail(what: string): void {
    if (this.#on?.what === what) this.#close((line) => line.failed());
    this.over(what);
  }

  #close(end: (line: Waiting) => void): void {
    if (this.#on !== undefined) end(this.#on.line);
    this.#on = undefined;
  }
}

/** Says on standard error what happens while a plan is applied. */
export function reportApplying(context: CommandContext): (event: ApplyEvent) => void {
  const { progress, clock } = context;
  const wait = new WaitLine(progress);
  let toConfirm: readonly string[] = [];
  let confirmed = 0;
  let since = clock.elapsed();
  const what = (): string => (toConfirm.length === 1 ? (toConfirm[0] ?? "") : counted(toConfirm.length));

  const active = (): string => {
    const seconds = Math.round((clock.elapsed() - since) / 1000);
    return `${what()} ${toConfirm.length === 1 ? "is" : "are"} active after ${seconds} s`;
  };

  const lineOf = (event: Exclude<ApplyEvent, { type: "confirming" }>): Text | undefined => {
    const { id } = event.change.resource;
    if (event.type === "done") return rich`${green(past[event.change.kind])}: ${id}`;
    if (event.type === "already-done") return dim(`already done: ${id}`);
    if (event.type === "failed") return rich`${red("failed")}: ${id}`;
    if (event.type === "unconfirmed") return rich`${yellow("not confirmed")}: ${id}`;
    if (event.type === "skipped") return rich`${yellow("skipped")}: ${id}, ${event.reason}`;
    return undefined;
  };

  return (event) => {
    if (event.type === "confirming") {
      wait.end();
      since = clock.elapsed();
      toConfirm = event.changes.map(({ resource }) => resource.id);
    } else if (event.type === "waiting") {
      wait.update(toConfirm.length === 0 ? event.change.resource.id : what(), event.reason, event.deadline);
    } else if (event.type === "confirmed") {
      confirmed += 1;
      if (confirmed === toConfirm.length) wait.end(active());
    } else {
      const { id } = event.change.resource;
      if (event.type === "failed") wait.fail(id);
      else if (event.type === "unconfirmed") wait.fail(what());
      else wait.over(id);
      const line = lineOf(event);
      if (line !== undefined) progress.line(line);
    }
  };
}
