import process from "node:process";
import { whyNoMachine } from "../build.ts";

export { openRun, type Run } from "../../cluster/harness/run.ts";
export { buildImage, type MachineImage } from "../build.ts";
export { makeMachine } from "../emulator/index.ts";
export {
  type Machine,
  restoreMachine,
  type RoomOptions,
  roomOf,
  type SavedMachine,
  saveMemory,
} from "./machine.ts";
export { type Login, ssh, sshKey } from "./ssh.ts";
export { until, untilSsh } from "./wait.ts";

/**
 * For `test(name, { skip: leftOut() })`: false where a machine can be booted, else the reason why the suite is left
 * out. With CI=true an error instead: there, nothing is left out.
 */
export function leftOut(): string | false {
  const reason = whyNoMachine();
  if (reason === undefined) return false;
  if (process.env["CI"] === "true") throw new Error(`the machine suites cannot run: ${reason}`);
  return `left out: ${reason}`;
}
