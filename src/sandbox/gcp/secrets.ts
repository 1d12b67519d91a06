import { demand } from "./access.ts";
import type { ApiCall, ApiReply } from "./call.ts";
import type { Governed } from "./policy-operations.ts";
import type { Project, Secret } from "./project.ts";
import { notFound } from "./refusal.ts";

/** CRC-32C (RFC 9260, appendix A), with which clients verify what they read. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** Creates a secret with its first version. */
export function createSecret(project: Project, id: string, value: string): Secret {
  const secret = { id, value, policy: project.newPolicy() };
  project.secrets.set(id, secret);
  return secret;
}

/** The policy of the secret that a path names; an empty one if it does not exist, so that the refusal is the same. */
export function governedSecret({ project, names }: ApiCall): Governed {
  const { secret: id = "" } = names;
  return {
    policy: project.secrets.get(id)?.policy ?? project.newPolicy(),
    resource: `projects/${project.settings.project}/secrets/${id}`,
    permissions: "secretmanager.secrets",
  };
}

const gone = (name: string): string => `Secret [${name}] not found or has no versions.`;

/** `secrets/ID/versions/VERSION:access`: every secret has one version, `1` and `latest`. */
export function accessSecret(call: ApiCall): ApiReply {
  const { policy } = governedSecret(call);
  const { projectNumber } = call.project.settings;
  const [id, version] = [call.name("secret"), call.name("version")];
  const name = `projects/${projectNumber}/secrets/${id}`;
  const permission = "secretmanager.versions.access";
  const resource = `${name}/versions/${version}`;
  const text = `Permission '${permission}' denied for resource '${resource}' (or it may not exist).`;
  demand(call, { permission, resource, policy, text });
  const secret = call.project.secrets.get(id);
  if (secret === undefined || !["1", "latest"].includes(version)) throw notFound(resource, gone(name));
  const data = Buffer.from(secret.value, "utf8");
  const payload = { data: data.toString("base64"), dataCrc32c: String(crc32c(data)) };
  return { status: 200, body: { name: `${name}/versions/1`, payload } };
}
