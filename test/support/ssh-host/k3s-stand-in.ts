/**
 * What `systemctl start k3s` does on a stand-in host: reads k3s's config files by k3s's rules and writes the line that
 * k3s logs when it starts its API server. Written after k3s's own pkg/configfilearg and pkg/util/args, and shares no
 * code with what it tests.
 *
 *   node k3s-stand-in.ts JOURNAL
 */
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";

const folder = "/etc/rancher/k3s";

function values(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return value === null || value === undefined ? [] : [JSON.stringify(value).replaceAll('"', "")];
}

const merged = new Map<string, string[]>();
const drops = existsSync(`${folder}/config.yaml.d`) ? readdirSync(`${folder}/config.yaml.d`).sort() : [];
const files = [
  `${folder}/config.yaml`,
  ...drops.filter((name) => /\.ya?ml$/u.test(name)).map((name) => `${folder}/config.yaml.d/${name}`),
];
for (const file of files) {
  if (!existsSync(file)) continue;
  for (const [key, value] of Object.entries((parse(readFileSync(file, "utf8")) as object | null) ?? {})) {
    const name = key.replace(/\+$/u, "");
    merged.set(name, key.endsWith("+") ? [...(merged.get(name) ?? []), ...values(value)] : values(value));
  }
}

// k3s's own flags; one that is given replaces its default.
const flags = new Map<string, string[]>([
  ["anonymous-auth", ["false"]],
  ["api-audiences", ["https://kubernetes.default.svc.cluster.local,k3s"]],
  ["service-account-issuer", ["https://kubernetes.default.svc.cluster.local"]],
]);
const given = new Map<string, string[]>();
for (const argument of merged.get("kube-apiserver-arg") ?? []) {
  const [name = "", ...rest] = argument.split("=");
  given.set(name, [...(given.get(name) ?? []), rest.join("=")]);
}
for (const [name, list] of given) flags.set(name, list);
if (merged.get("secrets-encryption")?.[0] === "true") {
  flags.set("encryption-provider-config", ["/var/lib/rancher/k3s/server/cred/encryption-config.json"]);
}
const words = [...flags].flatMap(([name, list]) => list.map((value) => `--${name}=${value}`));
appendFileSync(
  process.argv[2] ?? "",
  `time="2026-11-25T12:00:00Z" level=info msg="Running kube-apiserver ${words.join(" ")}"\n`,
);
