import { z } from "zod";
import { file, list, section, text } from "../forms/leaf.ts";
import { serviceAccounts } from "../forms/service-accounts.ts";

export interface OpenBaoRoleInput {
  name: string;
  serviceAccounts: string[];
  policies: string[];
}

export interface OpenBaoInput {
  address: string;
  caFile?: string | undefined;
  mount: string;
  audience?: string | undefined;
  roles?: OpenBaoRoleInput[] | undefined;
}

// Roles and policies are kept in lower case, whatever is written.
const name = String.raw`[a-z0-9_](?:[a-z0-9_.-]{0,126}[a-z0-9_])?`;

const address = "an https URL such as https://bao.example.com:8200 (plain http on loopback alone)";

const role = section("One role of the mount.", {
  name: text(
    {
      what: "The role's name.",
      accepted: "1 to 128 lower-case letters, digits and . - _, beginning and ending with none of . -",
      example: "web",
    },
    new RegExp(`^${name}$`, "u"),
  ),
  serviceAccounts: serviceAccounts("The ServiceAccounts that log in by it.", {
    accepted: "a list of NAMESPACE/NAME, 1 to 100",
    min: 1,
    max: 100,
  }),
  policies: list(
    {
      what: "The policies of the tokens that it gives.",
      accepted: "a list of 1 to 50 policies, root not among them",
      example: ["web-read"],
    },
    text(
      { what: "A policy.", accepted: "a policy's name in lower case, and not root" },
      new RegExp(`^(?!root$)${name}$`, "u"),
    ),
    { min: 1, max: 50 },
  ),
});

/** One JWT auth mount of an OpenBao that trusts the issuer. */
export const openBaoServer: z.ZodType<OpenBaoInput> = section(
  "One auth mount of an OpenBao that trusts the issuer. The token that changes it comes from the environment.",
  {
    address: z
      .string({ error: address })
      .max(2048, { error: address })
      .refine(
        (value) => {
          if (!URL.canParse(value)) return false;
          const { protocol, username, password, search, hash } = new URL(value);
          return (
            (protocol === "https:" || protocol === "http:") && username + password + search + hash === ""
          );
        },
        { error: address },
      )
      .meta({
        description: `The server's address. Accepted: ${address}.`,
        examples: ["https://bao.example.com:8200"],
      }),
    caFile: file("PEM of the CA that signed the server's certificate.", "bao-ca.pem").optional(),
    mount: text(
      {
        what: "The path of the auth mount, without auth/: a mount that holds nothing but what podtrust makes.",
        accepted: "up to 4 parts of 1 to 64 lower-case letters, digits, - and _, with / between them",
        example: "podtrust",
      },
      /^(?:[a-z0-9][a-z0-9_-]{0,63})(?:\/[a-z0-9][a-z0-9_-]{0,63}){0,3}$/u,
    ),
    audience: text(
      {
        what: "The audience that every role of it wants in a token.",
        accepted: "1 to 255 characters without white space",
        standard: "the address",
        example: "https://bao.example.com:8200",
      },
      /^[!-~]{1,255}$/u,
    ).optional(),
    roles: list(
      { what: "The roles by which ServiceAccounts of this cluster log in.", accepted: "a list of roles" },
      role,
      { max: 1000 },
    ).optional(),
  },
);
