import { tokenJob } from "../pods/token-job.ts";
import type { Guide } from "./world.ts";

/**
 * What the pod does: asks STS four times a second with the token that its kubelet gave it, and says when it has a
 * new one and when it is refused.
 */
const program = `
const { readFileSync } = require("node:fs");
const { AWS_ENDPOINT_URL, AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE } = process.env;
let asked = 0, last = "";
async function ask() {
  const token = readFileSync(AWS_WEB_IDENTITY_TOKEN_FILE, "utf8");
  const { kid } = JSON.parse(Buffer.from(token.split(".")[0], "base64url").toString());
  if (kid !== last) console.log("kid", last = kid);
  const body = new URLSearchParams({ Action: "AssumeRoleWithWebIdentity", Version: "2011-06-15",
    RoleArn: AWS_ROLE_ARN, RoleSessionName: "resident", WebIdentityToken: token });
  const answer = await fetch(AWS_ENDPOINT_URL, { method: "POST", body });
  const text = await answer.text();
  asked += 1;
  if (answer.status !== 200) console.log("refused", answer.status, text.replaceAll("\\n", " "));
  if (asked % 20 === 0) console.log("asked", asked);
}
(async () => {
  for (;;) {
    await ask().catch((error) => console.log("refused", String(error), String(error.cause)));
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
})();
`;

/** What the pod has said so far. */
export interface Resident {
  /** The signing key of the token that it has now. */
  readonly kid: string;
  readonly asked: number;
  readonly refusals: readonly string[];
}

/** Starts the pod as the ServiceAccount that the role trusts. */
export async function startResident(guide: Guide): Promise<void> {
  const job = tokenJob({
    ownAddress: true,
    name: "resident",
    serviceAccount: "demo-service-account",
    command: ["/usr/local/bin/node", "-e", program],
    environment: {
      AWS_ENDPOINT_URL: guide.the("podSandboxUrl"),
      AWS_ROLE_ARN: guide.the("account").roleArn,
      AWS_WEB_IDENTITY_TOKEN_FILE: "/var/run/secrets/aws/token",
    },
  });
  await guide.the("cluster").kubectl(["create", "-f", "-"], job);
}

/** Throws while the pod has no log yet, and while the API server is away. */
export async function lookAtResident(guide: Guide): Promise<Resident> {
  const lines = (await guide.the("cluster").kubectl(["logs", "job/resident"])).split("\n");
  const last = (word: string): string => lines.findLast((line) => line.startsWith(word))?.split(" ")[1] ?? "";
  return {
    kid: last("kid "),
    asked: Number(last("asked ")),
    refusals: lines.filter((line) => line.startsWith("refused")),
  };
}

/** Waits until what the pod has said holds. */
export function untilResident(
  guide: Guide,
  what: string,
  holds: (resident: Resident) => boolean,
): Promise<void> {
  const look = (): Promise<boolean> => lookAtResident(guide).then(holds, () => false);
  return guide.until(what, look);
}
