import { PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import { example } from "../example.ts";
import { writePrivateFile } from "../files.ts";
import { askCloud, type CloudAnswer } from "./ask-cloud.ts";
import { startFrontRelay } from "./front-relay.ts";
import { type DemoParty, type OpenedParty, type PartySetup, refusedBy, running } from "./party.ts";

const identity = "demo-app";
const vault = "podtrust-demo";
const secret = "demo-greeting";

/** Entra's code and words, without the numbers of the request behind them. */
function saidIn({ body }: CloudAnswer): { readonly code: string; readonly message: string } {
  const [message = ""] = (textOf(body["error_description"]) ?? "").split(" Trace ID:");
  return { code: textOf(body["error"]) ?? "", message };
}

async function open({ environment, signal }: PartySetup): Promise<OpenedParty> {
  const { sandbox, folder } = environment;
  const [azure, front] = [running(sandbox.azure, azureParty), running(sandbox.front, azureParty)];
  const { tenant, subscription, admin } = azure;
  const { namespace, serviceAccount } = example;
  await azure.seed({
    identities: [{ name: identity }],
    secrets: [{ vault, name: secret, value: "hello from Key Vault", readers: [identity] }],
  });
  const { clientId } = running(
    azure.clients().find(({ name }) => name === identity),
    azureParty,
  );
  const secretFile = await writePrivateFile(folder, "azure-admin-secret", admin.clientSecret);
  const relay = await startFrontRelay(front, signal);
  return {
    given: [
      `tenant ${tenant} has the identity ${identity}, which may read the secret ${secret} of the vault ${vault}`,
    ],
    section: {
      azure: [
        {
          tenant,
          subscription,
          resourceGroup: "podtrust",
          identities: [{ name: identity, serviceAccounts: [`${namespace}/${serviceAccount}`] }],
        },
      ],
    },
    env: {
      AZURE_CLIENT_ID: admin.clientId,
      AZURE_CLIENT_SECRET_FILE: secretFile,
      AZURE_AUTHORITY_HOST: relay.at("login.microsoftonline.com"),
      AZURE_RESOURCE_MANAGER_ENDPOINT: relay.at("management.azure.com"),
    },
    async exchange(token) {
      const answer = await askCloud(
        front,
        {
          url: `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`,
          form: {
            client_id: clientId,
            scope: "https://vault.azure.net/.default",
            grant_type: "client_credentials",
            client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            client_assertion: token,
          },
        },
        signal,
      );
      if (answer.status !== 200) return refusedBy(azure.decisions(), saidIn(answer));
      const read = await askCloud(
        front,
        {
          url: `https://${vault}.vault.azure.net/secrets/${secret}?api-version=7.4`,
          bearer: textOf(answer.body["access_token"]) ?? "",
        },
        signal,
      );
      if (read.status !== 200) {
        const said = textOf(recordOf(read.body["error"])["message"]) ?? "";
        throw new PodtrustError("demo-link-broken", `reading the secret ${secret}: ${said}`);
      }
      return {
        outcome: "granted",
        identity: `the identity ${identity}, client id ${clientId}`,
        read: `the secret ${secret} of the vault ${vault}`,
      };
    },
    close: () => relay.close(),
  };
}

/** Azure: a user-assigned identity with a federated credential. Entra reads the issuer, and accepts only RSA keys. */
export const azureParty: DemoParty = {
  name: "azure",
  sandbox: { azure: { propagationMs: 1000, newIssuerMs: 1000 } },
  standIn: "Entra and Key Vault that decide as Azure does",
  shortened: "Entra knows a new credential, and a new issuer's keys, after one second",
  rules: {
    "other-account": "credential-subject",
    "other-audience": "credential-audience",
    forged: "assertion-signature",
    expired: "assertion-time",
  },
  settling: {
    "credential-issuer":
      "Entra does not find a federated credential that was just made: at Azure for some minutes",
    "key-selection": "Entra knows no key of an issuer that it has just met: at Azure for up to half an hour",
  },
  open,
};
