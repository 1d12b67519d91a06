/**
 * Runs Ansible's playbooks against both stand-ins, in a network that has nothing but them, and says as JSON what each
 * run did and left. For a process in network and mount namespaces of its own (`ansible.test.ts` starts it):
 *
 *   node ansible-world.ts FOLDER
 *
 * FOLDER holds `certificate.pem`, `key.pem` and `root.pem` for api.cloudflare.com, whose URL Ansible's module has
 * fixed, and `hosts` with its address.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { startStandInCloudflare, startStandInHetzner } from "../../../src/sandbox/index.ts";
import { playbook } from "../../support/ansible.ts";
import { nobodysKey } from "../../support/ssh-public-key.ts";

const [folder = ""] = process.argv.slice(2);
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

async function play(name: string, variables: object = {}): Promise<object> {
  const run = await playbook({
    file: join(import.meta.dirname, "ansible", name),
    home: folder,
    variables: { public_key: nobodysKey, ...variables },
    env: {
      HCLOUD_TOKEN: hetzner.tokens.readWrite,
      HCLOUD_ENDPOINT: hetzner.url,
      CLOUDFLARE_TOKEN: cloudflare.tokens.edit,
      SSL_CERT_FILE: file("root.pem"),
    },
  });
  return { ...run, hetzner: hetzner.contents(), cloudflare: cloudflare.records("example.com") };
}

const runs = {
  made: await play("present.yml"),
  again: await play("present.yml"),
  changed: await play("present.yml", { https_from: ["198.51.100.0/24"], ttl: 120, tier: "two" }),
  removed: await play("absent.yml"),
};
process.stdout.write(`${JSON.stringify(runs)}\n`);
await Promise.all([cloudflare.close(), hetzner.close()]);
