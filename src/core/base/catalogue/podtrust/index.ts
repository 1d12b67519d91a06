import { acmeErrors } from "./acme.ts";
import { adoptionErrors } from "./adoption.ts";
import { awsErrors } from "./aws.ts";
import { azureErrors } from "./azure.ts";
import { backupErrors } from "./backup.ts";
import { configErrors } from "./config.ts";
import { demoErrors } from "./demo.ts";
import { dnsErrors } from "./dns.ts";
import { gcpErrors } from "./gcp.ts";
import { hetznerErrors } from "./hetzner.ts";
import { hostErrors } from "./host.ts";
import { kubernetesErrors } from "./kubernetes.ts";
import { machineErrors } from "./machine.ts";
import { openbaoErrors } from "./openbao.ts";
import { operatorErrors } from "./operator.ts";
import { planErrors } from "./plan.ts";
import { publisherErrors } from "./publisher.ts";
import { rotationErrors } from "./rotation.ts";
import { serverErrors } from "./servers.ts";
import { signerErrors } from "./signer.ts";
import { stackErrors } from "./stack.ts";

/** Errors of podtrust alone. In the package of the sandbox, whose modules throw none, this one is empty (tools/package/sandbox.ts). */
export const podtrustErrors = {
  ...kubernetesErrors,
  ...planErrors,
  ...stackErrors,
  ...configErrors,
  ...publisherErrors,
  ...backupErrors,
  ...operatorErrors,
  ...signerErrors,
  ...acmeErrors,
  ...demoErrors,
  ...awsErrors,
  ...dnsErrors,
  ...hetznerErrors,
  ...openbaoErrors,
  ...gcpErrors,
  ...azureErrors,
  ...machineErrors,
  ...hostErrors,
  ...rotationErrors,
  ...serverErrors,
  ...adoptionErrors,
} as const;
