import type { ApplyEvent, ChangeKind } from "../../plan/index.ts";
import type { CommandContext } from "../context.ts";
import { dim, green, red, rich, type Text, type Waiting, yellow } from "../terminal/index.ts";

const past: Readonly<Record<ChangeKind, string>> = {
  create: "created",
  update: "changed",
  replace: "replaced",
  delete: "deleted",
  blocked: "left",
  none: "left",
};

const counted = (count: number): string => `${count} resource${count === 1 ? "" : "s"}`;

/** One wait on the screen, however many changes are waited for. */
class WaitLine {
  readonly #progress: CommandContext["progress"];
  #on: { readonly what: string; readonly reason: string; readonly line: Waiting } | undefined;

  constructor(progress: CommandContext["progress"]) {
    this.#progress = progress;
  }

  say(what: string, reason: string, deadline: number): void {
    if (this.#on?.what === what && this.#on.reason === reason) return;
    this.end();
    this.#on = { what, reason, line: this.#progress.wait({ what, reason, deadline }) };
  }

  end(text?: string): void {
    this.#on?.line.done(text ?? `waited: ${this.#on.reason}`);
    this.#on = undefined;
  }

  fail(): void {
    this.#on?.line.failed();
    this.#on = undefined;
  }
}

/** Says on standard error what happens while a plan is applied. */
export function tellApplying(context: CommandContext): (event: ApplyEvent) => void {
  const { progress } = context;
  const wait = new WaitLine(progress);
  let toConfirm: readonly string[] = [];
  let confirmed = 0;
  const what = (): string => (toConfirm.length === 1 ? (toConfirm[0] ?? "") : counted(toConfirm.length));

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
      toConfirm = event.changes.map(({ resource }) => resource.id);
    } else if (event.type === "waiting") {
      wait.say(toConfirm.length === 0 ? event.change.resource.id : what(), event.reason, event.deadline);
    } else if (event.type === "confirmed") {
      confirmed += 1;
      if (confirmed === toConfirm.length)
        wait.end(`${what()} ${toConfirm.length === 1 ? "is" : "are"} active`);
    } else {
      if (event.type === "failed" || event.type === "unconfirmed") wait.fail();
      const line = lineOf(event);
      if (line !== undefined) progress.line(line);
    }
  };
}
