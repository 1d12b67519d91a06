import { PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import { example } from "../example.ts";
import { writePrivateFile } from "../files.ts";
import { askCloud, type CloudAnswer } from "./ask-cloud.ts";
import {
  type DemoParty,
  type OpenedParty,
  type PartyAnswer,
  type PartySetup,
  refusedBy,
  running,
} from "./party.ts";

const accountId = "demo-app";
const secret = "demo-greeting";
const jwt = "urn:ietf:params:oauth:token-type:jwt";
const cloudPlatform = "https://www.googleapis.com/auth/cloud-platform";

/** Google's code and words: OAuth's two texts of the exchange, the object of its other APIs. */
function saidIn({ body }: CloudAnswer): { readonly code: string; readonly message: string } {
  const error = recordOf(body["error"]);
  return {
    code: textOf(body["error"]) ?? textOf(error["status"]) ?? "",
    message: textOf(body["error_description"]) ?? textOf(error["message"]) ?? "",
  };
}

async function open({ environment, signal }: PartySetup): Promise<OpenedParty> {
  const { sandbox, folder } = environment;
  const [google, front] = [running(sandbox.gcp, gcpParty), running(sandbox.front, gcpParty)];
  const { project, projectNumber } = google;
  const email = `${accountId}@${project}.iam.gserviceaccount.com`;
  google.seed({
    serviceAccounts: [{ id: accountId }],
    secrets: [
      {
        id: secret,
        value: "hello from Secret Manager",
        bindings: { "roles/secretmanager.secretAccessor": [`serviceAccount:${email}`] },
      },
    ],
  });
  const credentials = await writePrivateFile(folder, "google-admin.json", JSON.stringify(google.adminFile));
  const pool = `projects/${projectNumber}/locations/global/workloadIdentityPools/${example.stack}`;
  const ask = (call: Parameters<typeof askCloud>[1]): Promise<CloudAnswer> => askCloud(front, call, signal);
  const refused = (answer: CloudAnswer): PartyAnswer => refusedBy(google.decisions(), saidIn(answer));
  return {
    given: [`project ${project} has the service account ${email}, which may read the secret ${secret}`],
    section: {
      gcp: [
        {
          project,
          projectNumber,
          serviceAccounts: [{ email, serviceAccounts: [`${example.namespace}/${example.serviceAccount}`] }],
        },
      ],
    },
    env: {
      GOOGLE_APPLICATION_CREDENTIALS: credentials,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: google.url,
    },
    async exchange(token) {
      const exchanged = await ask({
        url: "https://sts.googleapis.com/v1/token",
        form: {
          grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
          audience: `//iam.googleapis.com/${pool}/providers/${example.stack}`,
          scope: cloudPlatform,
          requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
          subject_token: token,
          subject_token_type: jwt,
        },
      });
      if (exchanged.status !== 200) return refused(exchanged);
      const impersonated = await ask({
        url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${email}:generateAccessToken`,
        bearer: textOf(exchanged.body["access_token"]) ?? "",
        json: { scope: [cloudPlatform], lifetime: "3600s" },
      });
      if (impersonated.status !== 200) return refused(impersonated);
      const read = await ask({
        url: `https://secretmanager.googleapis.com/v1/projects/${project}/secrets/${secret}/versions/latest:access`,
        bearer: textOf(impersonated.body["accessToken"]) ?? "",
      });
      if (read.status !== 200)
        throw new PodtrustError("demo-link-broken", `reading the secret ${secret}: ${saidIn(read).message}`);
      return { outcome: "granted", identity: email, read: `the secret ${secret} of Secret Manager` };
    },
    close: () => Promise.resolve(),
  };
}

/** Google Cloud: a pool and provider with the cluster's keys uploaded, and a service account. */
export const gcpParty: DemoParty = {
  name: "gcp",
  sandbox: { gcp: { delays: { grant: 1000 } } },
  standIn: "IAM, the token exchange and Secret Manager that decide as Google Cloud does",
  shortened: "a member of a policy of Google's counts after one second",
  rules: {
    "other-account": "impersonation-permitted",
    "other-audience": "subject-token-audience",
    forged: "subject-token-signature",
    expired: "subject-token-time",
  },
  settling: {
    "impersonation-permitted":
      "a new member of a service account's policy counts after about 70 seconds at Google",
  },
  open,
};
