import { freePort } from "../../support/free-port.ts";

/** TCP ports of 127.0.0.1 for programs that have to be told theirs, all different, and this process's until it ends. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}
