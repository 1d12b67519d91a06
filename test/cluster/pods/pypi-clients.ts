import { awsCliVenv } from "../../support/aws-cli.ts";
import { boto3Venv } from "../../support/boto3.ts";
import { podsLeftOut } from "../harness/index.ts";
import { foldersOf } from "./python-job.ts";

/** Why boto3 and the AWS CLI cannot run in pods here; false where they can. With CI=true their absence throws. */
export async function pypiClientsLeftOut(): Promise<string | false> {
  const noPods = podsLeftOut();
  if (noPods !== false) return noPods;
  const missing = (await boto3Venv.missing()) ?? (await awsCliVenv.missing());
  if (missing === undefined) return false;
  if (process.env["CI"] === "true") throw new Error(`boto3 and the AWS CLI in pods cannot run: ${missing}`);
  return `left out: ${missing}`;
}

/** The folders without which neither of both runs in a pod. */
export async function pypiClientFolders(): Promise<readonly string[]> {
  return [...new Set([...(await foldersOf(boto3Venv)), ...(await foldersOf(awsCliVenv))])];
}
