import { get } from "node:http";
import { join } from "node:path";
import { freePorts } from "./ports.ts";
import { type Program, type Run, untilReady } from "./run.ts";

export interface Etcd {
  readonly url: string;
  readonly program: Program;
}

function health(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(`${url}/health`, { agent: false, timeout: 5000 }, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) resolve();
      else reject(new Error(`etcd answers ${answer.statusCode}`));
    }).on("error", reject);
  });
}

/** A store of one member on loopback, in plain text, that forgets everything at the end. */
export async function startEtcd(run: Run, command: string): Promise<Etcd> {
  const [clients = 0, peers = 0] = await freePorts(2);
  const [url, peer] = [`http://127.0.0.1:${clients}`, `http://127.0.0.1:${peers}`];
  const program = await run.start({
    name: "etcd",
    command,
    args: [
      `--data-dir=${join(run.folder, "etcd")}`,
      "--name=test",
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=test=${peer}`,
      "--unsafe-no-fsync",
      "--log-level=warn",
    ],
  });
  await untilReady(program, () => health(url), 20_000);
  return { url, program };
}
