import type { ApplyEvent, ChangeKind } from "../../plan/index.ts";
import type { CommandContext } from "../context.ts";
import { dim, green, red, rich, type Waiting, yellow } from "../terminal/index.ts";

const past: Readonly<Record<ChangeKind, string>> = {
  create: "created",
  update: "changed",
  replace: "replaced",
  delete: "deleted",
  none: "left",
};

/** Says on standard error what happens while a plan is applied. */
export function tellApplying(context: CommandContext): (event: ApplyEvent) => void {
  const { progress } = context;
  let wait: { readonly on: Waiting; readonly reason: string; readonly deadline: number } | undefined;
  const endWait = (good: boolean): void => {
    const ending = wait;
    wait = undefined;
    if (good) ending?.on.done(`waited: ${ending.reason}`);
    else ending?.on.failed();
  };
  return (event) => {
    const { id } = event.change.resource;
    if (event.type === "waiting") {
      const { reason, deadline } = event;
      if (wait?.reason === reason && wait.deadline === deadline) return;
      endWait(true);
      wait = { reason, deadline, on: progress.wait({ what: id, reason, deadline }) };
      return;
    }
    endWait(event.type !== "failed");
    if (event.type === "done") progress.line(rich`${green(past[event.change.kind])}: ${id}`);
    if (event.type === "already-done") progress.line(dim(`nothing left to do: ${id}`));
    if (event.type === "failed") progress.line(rich`${red("failed")}: ${id}`);
    if (event.type === "skipped") progress.line(rich`${yellow("left out")}: ${id}, ${event.reason}`);
  };
}
