import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { MachineError } from "../error.ts";
import { maxWait } from "../max-wait.ts";

const prompt = "(qemu) ";
/** More than any answer that is asked for. */
const maxText = 64 * 1024;

async function untilPrompt(socket: Socket): Promise<string> {
  let text = "";
  const signal = AbortSignal.timeout(maxWait);
  while (!text.endsWith(prompt)) {
    const [chunk] = (await once(socket, "data", { signal })) as [Buffer];
    text = (text + chunk.toString("latin1")).slice(-maxText);
  }
  return text.slice(0, -prompt.length);
}

/**
 * Gives one command to an emulator's monitor and waits for its prompt. Throws `emulator-failed` with what the monitor says
 * when that is an error, and what keeps it from being asked.
 */
export async function command(path: string, line: string): Promise<string> {
  const socket = createConnection(path);
  try {
    await once(socket, "connect");
    await untilPrompt(socket);
    socket.write(`${line}\n`);
    // The monitor echoes the line with codes for a terminal, up to the first line feed.
    const answer = (await untilPrompt(socket)).replace(/^[^\n]*\n/u, "").trim();
    if (/^Error|^unknown command|failed/mu.test(answer))
      throw new MachineError("emulator-failed", `the emulator answers ${line} with: ${answer}`);
    return answer;
  } finally {
    socket.destroy();
  }
}
