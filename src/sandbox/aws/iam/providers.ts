import type { OidcProvider } from "../state/records.ts";
import { type ServiceAction, action, type Need } from "../wire/service.ts";
import { required, text, texts } from "../wire/input.ts";
import { checkProviderArn } from "./arn.ts";
import type { IamContext } from "./context.ts";
import { alreadyExists, invalidInput, noSuchEntity } from "./errors.ts";
import { providerArn, tags } from "./fields.ts";
import { sortedBy } from "./page.ts";
import { providerKeyOf } from "./provider-url.ts";
import { thumbprints, withinQuota } from "./quotas.ts";
import {
  providerTagRules,
  requestTagContext,
  requestTags,
  resourceTagContext,
  sortedTags,
  tagShapes,
} from "./tags.ts";

const clientIdLimits = { min: 1, max: 255 };
// The operation checks the list's length, which has error texts of its own.
const thumbprintList = texts({ min: 40, max: 40 });

/** A provider of the account, or NoSuchEntity. */
export function providerOf({ account }: IamContext, arn: string): OidcProvider {
  checkProviderArn(arn, account.id);
  const provider = account.providers.get(arn);
  if (provider === undefined) throw noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`);
  return provider;
}

/** Rights that an operation on one provider needs. */
export function providerNeed(context: IamContext, operation: string, arn: string): Need {
  const known = context.account.providers.get(arn);
  return { action: `iam:${operation}`, resource: arn, context: resourceTagContext(known?.tags ?? []) };
}

function checkedThumbprints(given: readonly string[]): readonly string[] {
  if (given.length > thumbprints) throw invalidInput("Thumbprint list must contain fewer than 5 entries.");
  return given.map((one) => one.toLowerCase());
}

function checkedClientIds(given: readonly string[]): readonly string[] {
  const different = [...new Set(given)];
  withinQuota("ClientIdsPerOpenIdConnectProvider", different.length);
  return different;
}

function create(context: IamContext): ServiceAction {
  const { account } = context;
  const arnOf = (url: string): string => `arn:aws:iam::${account.id}:oidc-provider/${providerKeyOf(url)}`;
  return action({
    input: {
      Url: required(text({ min: 1, max: 255 })),
      ClientIDList: texts(clientIdLimits),
      ThumbprintList: thumbprintList,
      Tags: tags,
    },
    access(params) {
      const resource = arnOf(params.Url);
      const asked = requestTagContext(params.Tags);
      const need: Need = { action: "iam:CreateOpenIDConnectProvider", resource, context: asked };
      const tagging: Need = { action: "iam:TagOpenIDConnectProvider", resource, context: asked };
      return (params.Tags ?? []).length > 0 ? [need, tagging] : [need];
    },
    async run(params, call) {
      const arn = arnOf(params.Url);
      const own = requestTags(params.Tags, providerTagRules);
      const clientIds = checkedClientIds(params.ClientIDList ?? []);
      const given = checkedThumbprints(params.ThumbprintList ?? []);
      const url = providerKeyOf(params.Url);
      const taken = alreadyExists(`Provider with url https://${url} already exists.`);
      if (account.providers.has(arn)) throw taken;
      withinQuota("OpenIdConnectProvidersPerAccount", account.providers.size + 1);
      const prints = given.length > 0 ? given : [await context.fetchThumbprint(`https://${url}`)];
      // Another call may have made it while its issuer was asked.
      if (account.providers.has(arn)) throw taken;
      const createDate = call.now;
      account.providers.set(arn, { arn, url, clientIds, thumbprints: prints, tags: own, createDate });
      return { OpenIDConnectProviderArn: arn, Tags: own.length > 0 ? tagShapes(own) : undefined };
    },
  });
}

function get(context: IamContext): ServiceAction {
  return action({
    input: { OpenIDConnectProviderArn: providerArn },
    access: (params) => [providerNeed(context, "GetOpenIDConnectProvider", params.OpenIDConnectProviderArn)],
    run(params) {
      const provider = providerOf(context, params.OpenIDConnectProviderArn);
      return {
        Url: provider.url,
        ClientIDList: provider.clientIds,
        ThumbprintList: provider.thumbprints,
        CreateDate: new Date(provider.createDate),
        Tags: tagShapes(sortedTags(provider.tags)),
      };
    },
  });
}

function list({ account }: IamContext): ServiceAction {
  return action({
    input: {},
    access: () => [
      {
        action: "iam:ListOpenIDConnectProviders",
        resource: `arn:aws:iam::${account.id}:oidc-provider/*`,
      },
    ],
    run: () => ({
      OpenIDConnectProviderList: sortedBy(account.providers.values(), ({ arn }) => arn).map(({ arn }) => ({
        Arn: arn,
      })),
    }),
  });
}

function updateThumbprint(context: IamContext): ServiceAction {
  return action({
    input: { OpenIDConnectProviderArn: providerArn, ThumbprintList: required(thumbprintList) },
    access: (params) => [
      providerNeed(context, "UpdateOpenIDConnectProviderThumbprint", params.OpenIDConnectProviderArn),
    ],
    run(params) {
      const provider = providerOf(context, params.OpenIDConnectProviderArn);
      if (params.ThumbprintList.length === 0) {
        throw invalidInput("Thumbprint list must contain at least one entry.");
      }
      const prints = checkedThumbprints(params.ThumbprintList);
      context.account.providers.set(provider.arn, { ...provider, thumbprints: prints });
      return undefined;
    },
  });
}

function addClientId(context: IamContext): ServiceAction {
  return action({
    input: { OpenIDConnectProviderArn: providerArn, ClientID: required(text(clientIdLimits)) },
    access: (params) => [
      providerNeed(context, "AddClientIDToOpenIDConnectProvider", params.OpenIDConnectProviderArn),
    ],
    run(params) {
      const provider = providerOf(context, params.OpenIDConnectProviderArn);
      const clientIds = checkedClientIds([...provider.clientIds, params.ClientID]);
      context.account.providers.set(provider.arn, { ...provider, clientIds });
      return undefined;
    },
  });
}

function removeClientId(context: IamContext): ServiceAction {
  return action({
    input: { OpenIDConnectProviderArn: providerArn, ClientID: required(text(clientIdLimits)) },
    access: (params) => [
      providerNeed(context, "RemoveClientIDFromOpenIDConnectProvider", params.OpenIDConnectProviderArn),
    ],
    run(params) {
      const provider = providerOf(context, params.OpenIDConnectProviderArn);
      const clientIds = provider.clientIds.filter((one) => one !== params.ClientID);
      context.account.providers.set(provider.arn, { ...provider, clientIds });
      return undefined;
    },
  });
}

function remove(context: IamContext): ServiceAction {
  return action({
    input: { OpenIDConnectProviderArn: providerArn },
    access: (params) => [
      providerNeed(context, "DeleteOpenIDConnectProvider", params.OpenIDConnectProviderArn),
    ],
    run({ OpenIDConnectProviderArn: arn }) {
      checkProviderArn(arn, context.account.id);
      // The API's own page calls this idempotent; AWS answers a second time with this.
      if (!context.account.providers.delete(arn)) {
        throw noSuchEntity(`OpenId connect Provider ${arn} cannot be found.`);
      }
      return undefined;
    },
  });
}

/** The operations on OIDC providers, except their tags. */
export function providerActions(context: IamContext): Record<string, ServiceAction> {
  return {
    CreateOpenIDConnectProvider: create(context),
    GetOpenIDConnectProvider: get(context),
    ListOpenIDConnectProviders: list(context),
    UpdateOpenIDConnectProviderThumbprint: updateThumbprint(context),
    AddClientIDToOpenIDConnectProvider: addClientId(context),
    RemoveClientIDFromOpenIDConnectProvider: removeClientId(context),
    DeleteOpenIDConnectProvider: remove(context),
  };
}
