import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { parseConnectTo } from "../../src/core/http/index.ts";
import { type ChainOptions, judgeChain } from "../../src/doctor/chain/index.ts";
import { openAws } from "../../src/providers/aws/index.ts";
import { newStack, type StackWorld } from "../doctor/chain/world.ts";
import { chainYaml } from "../support/chain-world.ts";
import type { Run } from "./doctor-page.ts";

async function run(world: StackWorld, options: Partial<ChainOptions> = {}): Promise<Run> {
  const begun = performance.now();
  const { findings } = judgeChain(await world.gather(options));
  return { ms: performance.now() - begun, findings: findings.map(({ reason }) => reason) };
}

/** Runs of a stack that `up` made, one after the other. */
export async function healthyStack(times: number): Promise<readonly Run[]> {
  await using world = await newStack();
  const all: Run[] = [];
  while (all.length < times) all.push(await run(world));
  return all;
}

/** One run of a stack of which nothing answers: whatever is asked takes the connection and says nothing. */
export async function silentStack(): Promise<readonly Run[]> {
  await using world = await newStack();
  const silent = createServer((socket) => void socket.on("error", () => socket.destroy()));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const { chain } = world;
  const kubeconfig = join(chain.folder, "silent-kubeconfig");
  const text = chain.cluster.kubeconfig().replace(/server: .*/u, `server: https://127.0.0.1:${port}`);
  await writeFile(kubeconfig, text, { mode: 0o600 });
  try {
    const one = await run(world, {
      config: await chain.configOf(chainYaml(chain.issuer.issuer, kubeconfig)),
      route: { connectTo: [parseConnectTo(`${chain.issuer.host}:443:127.0.0.1:${port}`)] },
      open: (access) =>
        openAws({ ...access, endpoint: `http://127.0.0.1:${port}`, credentials: chain.sandbox.admin }),
    });
    return [one];
  } finally {
    silent.close();
  }
}
