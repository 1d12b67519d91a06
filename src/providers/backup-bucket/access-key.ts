import { PodtrustError } from "../../core/base/index.ts";
import { readCredentialFile } from "../../core/files/index.ts";

/** A long-lived access key of an IAM user. Never log it. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: AKIA is a user's; other services have forms of their own. */
const idForm = /^[\w.-]{16,128}$/u;
const secretForm = /^[\x21-\x7e]{16,256}$/u;

/** The settings of each profile in a file of AWS's form: `[name]`, then `key = value` lines. */
function profilesIn(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const profiles = new Map<string, Map<string, string>>();
  let settings: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/u)) {
    const name = /^\[([^\]]*)\]/u
      .exec(line)?.[1]
      ?.trim()
      .replace(/^profile /u, "")
      .trim();
    if (name !== undefined) {
      settings = profiles.get(name) ?? new Map<string, string>();
      profiles.set(name, settings);
    }
    const at = line.indexOf("=");
    if (name !== undefined || at === -1 || /^\s*[#;]/u.test(line)) continue;
    settings?.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim());
  }
  return profiles;
}

/** The IDs of the access keys that a file of AWS's form has for these profiles. */
export function accessKeyIds(text: string, profiles: readonly string[]): readonly string[] {
  const found = profilesIn(text);
  return profiles.flatMap((name) => found.get(name)?.get("aws_access_key_id") ?? []);
}

function refusal(file: string, why: string): PodtrustError {
  return new PodtrustError("backup-access-key", `${file}: ${why}`, { detail: { file } });
}

/**
 * The access key of a file in the form of AWS's credentials file, with one profile. Throws `backup-access-key` for what holds
 * none, more than one, or one that ends; none of its content is in a message. Throws `file-unreadable`, and
 * `state-permissions` where others may read or write it.
 */
export async function readAccessKey(file: string): Promise<AccessKey> {
  let text: string;
  try {
    ({ text } = await readCredentialFile("backup-key", file));
  } catch (cause) {
    if (cause instanceof PodtrustError) throw cause;
    throw new PodtrustError("file-unreadable", `${file}, with the access key for backups, cannot be read`, {
      cause,
    });
  }
  const [profile, ...others] = profilesIn(text).values();
  if (profile === undefined || others.length > 0) throw refusal(file, "it does not have exactly one profile");
  if (profile.has("aws_session_token")) throw refusal(file, "its credentials are temporary, and end");
  const [accessKeyId = "", secretAccessKey = ""] = ["aws_access_key_id", "aws_secret_access_key"].map(
    (name) => profile.get(name),
  );
  if (!idForm.test(accessKeyId)) throw refusal(file, "aws_access_key_id is missing, or no access key's ID");
  if (!secretForm.test(secretAccessKey))
    throw refusal(file, "aws_secret_access_key is missing, or no secret");
  return { accessKeyId, secretAccessKey };
}
