/**
 * Runs Ansible's playbooks against both stand-ins, in a network that has nothing but them, and says as JSON what each
 * run did and left. For a process in network and mount namespaces of its own (`ansible.test.ts` starts it):
 *
 *   node ansible-world.ts FOLDER PLAYBOOK-PROGRAM
 *
 * FOLDER holds `certificate.pem`, `key.pem` and `root.pem` for api.cloudflare.com, whose URL Ansible's module has
 * fixed, and `hosts` with its address.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { startStandInCloudflare, startStandInHetzner } from "../../../src/sandbox/index.ts";
import { runProgram } from "../../support/python-venv.ts";
import { nobodysKey } from "../../support/ssh-public-key.ts";

const [folder = "", program = ""] = process.argv.slice(2);
const file = (name: string): string => join(folder, name);

execFileSync("ip", ["link", "set", "lo", "up"]);
execFileSync("mount", ["--bind", file("hosts"), "/etc/hosts"]);

const cloudflare = await startStandInCloudflare({
  port: 443,
  tls: { cert: readFileSync(file("certificate.pem")), key: readFileSync(file("key.pem")) },
  mischief: "off",
});
const hetzner = await startStandInHetzner({
  mischief: "off",
  delays: { action: 300, firewall: 300, release: 2000 },
});

interface PlaybookOutput {
  readonly plays: readonly {
    readonly tasks: readonly {
      readonly task: { readonly name: string };
      readonly hosts: { readonly localhost?: { readonly changed?: boolean; readonly msg?: string } };
    }[];
  }[];
  readonly stats: { readonly localhost?: Readonly<Record<string, number>> };
}

async function play(name: string, variables: object = {}): Promise<object> {
  const extra = JSON.stringify({ public_key: nobodysKey, ...variables });
  const { code, out, err } = await runProgram(
    program,
    ["-i", "localhost,", "-c", "local", "-e", extra, join(import.meta.dirname, "ansible", name)],
    {
      PATH: "/usr/bin:/bin",
      HOME: folder,
      LANG: "C.UTF-8",
      ANSIBLE_HOME: file("home"),
      ANSIBLE_STDOUT_CALLBACK: "ansible.posix.json",
      ANSIBLE_PYTHON_INTERPRETER: join(program, "..", "python"),
      HCLOUD_TOKEN: hetzner.tokens.readWrite,
      HCLOUD_ENDPOINT: hetzner.url,
      CLOUDFLARE_TOKEN: cloudflare.tokens.edit,
      SSL_CERT_FILE: file("root.pem"),
    },
    300_000,
  );
  const start = out.indexOf("{");
  if (start < 0) throw new Error(`ansible-playbook ended with ${code}: ${err.slice(-3000)}`);
  const { plays, stats } = JSON.parse(out.slice(start)) as PlaybookOutput;
  const tasks = plays.flatMap((one) => one.tasks);
  const failed = code === 0 ? [] : tasks.map(({ task, hosts }) => `${task.name}: ${hosts.localhost?.msg}`);
  return {
    changed: tasks.filter(({ hosts }) => hosts.localhost?.changed === true).map(({ task }) => task.name),
    ok: stats.localhost?.["ok"],
    ...(failed.length === 0 ? {} : { failed, err }),
    hetzner: hetzner.contents(),
    cloudflare: cloudflare.records("example.com"),
  };
}

const runs = {
  made: await play("present.yml"),
  again: await play("present.yml"),
  changed: await play("present.yml", { https_from: ["198.51.100.0/24"], ttl: 120, tier: "two" }),
  removed: await play("absent.yml"),
};
process.stdout.write(`${JSON.stringify(runs)}\n`);
await Promise.all([cloudflare.close(), hetzner.close()]);
