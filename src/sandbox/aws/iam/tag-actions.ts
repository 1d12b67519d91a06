import type { Tag } from "../state/records.ts";
import { type ServiceAction, action, type Need } from "../wire/service.ts";
import { type Field, required } from "../wire/input.ts";
import { paging, tagKeys, tags } from "./fields.ts";
import { pageOf } from "./page.ts";
import {
  addTags,
  removeTags,
  requestTagContext,
  requestTags,
  sortedTags,
  type TagRules,
  tagShapes,
} from "./tags.ts";

/** A kind of resource that can be tagged. */
export interface Tagged {
  /** `TagRole`, `UntagRole`, `ListRoleTags`. */
  readonly operations: { readonly tag: string; readonly untag: string; readonly list: string };
  /** The parameter that names it. */
  readonly parameter: string;
  readonly field: Field<string>;
  readonly rules: TagRules;
  readonly need: (operation: string, name: string) => Need;
  /** Throws NoSuchEntity. */
  readonly read: (name: string) => readonly Tag[];
  readonly write: (name: string, tags: readonly Tag[]) => void;
}

/** The three operations on the tags of one kind of resource. */
export function tagActions(kind: Tagged): Record<string, ServiceAction> {
  const { operations, parameter, rules } = kind;
  const nameIn = (params: Readonly<Record<string, unknown>>): string => params[parameter] as string;
  const named = { [parameter]: kind.field };
  return {
    [operations.tag]: action({
      input: { ...named, Tags: required(tags) },
      access(params) {
        const need = kind.need(operations.tag, nameIn(params));
        return [{ ...need, context: { ...need.context, ...requestTagContext(params.Tags) } }];
      },
      run(params) {
        const name = nameIn(params);
        const before = kind.read(name);
        kind.write(name, addTags(before, requestTags(params.Tags, rules), rules));
        return undefined;
      },
    }),
    [operations.untag]: action({
      input: { ...named, TagKeys: tagKeys },
      access(params) {
        const need = kind.need(operations.untag, nameIn(params));
        return [{ ...need, context: { ...need.context, "aws:TagKeys": params.TagKeys } }];
      },
      run(params) {
        const name = nameIn(params);
        kind.write(name, removeTags(kind.read(name), params.TagKeys, rules));
        return undefined;
      },
    }),
    [operations.list]: action({
      input: { ...named, ...paging },
      access: (params) => [kind.need(operations.list, nameIn(params))],
      run(params) {
        const page = pageOf(sortedTags(kind.read(nameIn(params))), ({ key }) => key, params);
        return { Tags: tagShapes(page.items), ...page.paging };
      },
    }),
  };
}
