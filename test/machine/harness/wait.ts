import { until as waited } from "../../support/until.ts";
import { maxWait } from "../max-wait.ts";
import { type CommandOutcome, type Login, ssh } from "./ssh.ts";
import type { Machine } from "./machine.ts";
import type { Run } from "../../cluster/harness/run.ts";

/** Asks every half second until something is there; at the deadline an error with the machine's last words. */
export function until<T>(
  what: string,
  machine: Pick<Machine, "console">,
  probe: () => Promise<T>,
  last: () => string = () => "",
): Promise<Exclude<T, false | undefined>> {
  const detail = (): string => `${last()}\nThe machine's last words:\n${machine.console()}`;
  return waited(what, probe, { everyMs: 500, withinMs: maxWait, detail });
}

/** Resolves with the answer of the script as soon as the machine lets one log in and it ends with 0. */
export function untilSsh(
  run: Run,
  machine: Pick<Machine, "console" | "isOn">,
  login: Login,
  script = "true",
): Promise<CommandOutcome> {
  let last = "";
  const probe = async (): Promise<CommandOutcome | false> => {
    if (!machine.isOn()) throw new Error(`the machine is off. Its last words:\n${machine.console()}`);
    const answer = await ssh(run, login, script);
    last = answer.stdout + answer.stderr;
    return answer.code === 0 && answer;
  };
  return until(`ssh: ${script}`, machine, probe, () => last);
}
