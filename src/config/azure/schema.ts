import { z } from "zod";
import { azureGuid, relyingParties } from "../../rules/oidc/index.ts";
import { list, section, text } from "../forms/leaf.ts";
import { serviceAccounts } from "../forms/service-accounts.ts";

export type AzureIdentityInput = { serviceAccounts: string[] } & (
  | { name: string; clientId?: string | undefined }
  | { application: string }
);

export interface AzureInput {
  tenant: string;
  cloud?: "public" | "usgov" | "china" | undefined;
  subscription: string;
  resourceGroup: string;
  location?: string | undefined;
  identities?: AzureIdentityInput[] | undefined;
}

const { maxCredentials } = relyingParties.azure;

const guid = (what: string, example: string): z.ZodString =>
  text({ what, accepted: "a GUID such as 11111111-2222-3333-4444-555555555555", example }, azureGuid);

const client = "22222222-3333-4444-5555-666666666666";

const members = serviceAccounts("The ServiceAccounts that may become it.", {
  accepted: `a list of NAMESPACE/NAME, 1 to ${maxCredentials}: each takes a federated credential, of which an identity has no more`,
  min: 1,
  max: maxCredentials,
});

const identity: z.ZodType<AzureIdentityInput> = z.union(
  [
    section("A user-assigned managed identity.", {
      name: text(
        {
          what: "The identity's name in the resource group.",
          accepted: "3 to 128 letters, digits, hyphens and underscores, beginning with a letter or digit",
          example: "web",
        },
        /^[A-Za-z0-9][\w-]{2,127}$/u,
      ),
      clientId: guid("Its client id, where it is known. Default: Azure is asked.", client).optional(),
      serviceAccounts: members,
    }),
    section("An application that is there already.", {
      application: guid("The application's client id, and not its object id.", client),
      serviceAccounts: members,
    }),
  ],
  { error: "an identity by name, or an application by its client id" },
);

/** One resource group of an Azure tenant whose identities trust the issuer. */
export const azureTenant: z.ZodType<AzureInput> = section(
  "One resource group of an Azure tenant whose identities trust the issuer.",
  {
    tenant: guid("The tenant's id.", "11111111-2222-3333-4444-555555555555"),
    cloud: z
      .enum(["public", "usgov", "china"], { error: "public, usgov or china" })
      .meta({
        description:
          "Which of Microsoft's clouds it is in: each has an audience of its own. Accepted: public, usgov or china. Default: public.",
        examples: ["public"],
      })
      .optional(),
    subscription: guid("The subscription's id.", "33333333-4444-5555-6666-777777777777"),
    resourceGroup: text(
      {
        what: "The resource group of the identities.",
        accepted: "1 to 90 letters, digits and - _ . ( ), not ending with a dot",
        example: "podtrust",
      },
      /^[\w().-]{0,89}[\w()-]$/u,
    ),
    location: text(
      {
        what: "Where identities are made. One that is there stays where it is.",
        accepted: "a region's name, of 3 to 40 lower-case letters and digits",
        standard: "the resource group's",
        example: "westeurope",
      },
      /^[a-z0-9]{3,40}$/u,
    ).optional(),
    identities: list(
      {
        what: "The identities that ServiceAccounts of this cluster become.",
        accepted: "a list of identities",
      },
      identity,
      { max: 1000 },
    ).optional(),
  },
);
