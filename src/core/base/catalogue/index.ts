import { acmeErrors } from "./acme.ts";
import { adoptionErrors } from "./adoption.ts";
import { awsErrors } from "./aws.ts";
import { azureErrors } from "./azure.ts";
import { backupErrors } from "./backup.ts";
import { configErrors } from "./config.ts";
import { demoErrors } from "./demo.ts";
import { dnsErrors } from "./dns.ts";
import { gcpErrors } from "./gcp.ts";
import { generalErrors } from "./general.ts";
import { hostErrors } from "./host.ts";
import { hetznerErrors } from "./hetzner.ts";
import { httpErrors } from "./http.ts";
import { kubernetesErrors } from "./kubernetes.ts";
import { machineErrors } from "./machine.ts";
import { oidcErrors } from "./oidc.ts";
import { openbaoErrors } from "./openbao.ts";
import { operatorErrors } from "./operator.ts";
import { planErrors } from "./plan.ts";
import { publisherErrors } from "./publisher.ts";
import { rotationErrors } from "./rotation.ts";
import { sandboxErrors } from "./sandbox.ts";
import { signerErrors } from "./signer.ts";
import { serverErrors } from "./servers.ts";
import { stackErrors } from "./stack.ts";

export type { CatalogueEntry } from "./entry.ts";

/**
 * Every error a person can meet, by its stable code. docs/reference/errors.md is generated from here, and a test
 * keeps both the same. A code, once released, is never given another meaning.
 */
export const catalogue = {
  ...generalErrors,
  ...httpErrors,
  ...kubernetesErrors,
  ...oidcErrors,
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
  ...sandboxErrors,
  ...hostErrors,
  ...rotationErrors,
  ...serverErrors,
  ...adoptionErrors,
} as const;

/** The closed set of error codes. */
export type ErrorCode = keyof typeof catalogue;
