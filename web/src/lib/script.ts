/* A script as it is being written, and what the server would refuse of it. Pure. */
import type { Language } from "./format";

export interface TopicLine {
	id: number;
	key: string;
	label: string;
	/** As typed. */
	weight: string;
	/** A key that was written by hand, or is in use, does not follow the name. */
	fixed: boolean;
}

export interface Draft {
	name: string;
	key: string;
	text: string;
	topics: readonly TopicLine[];
}

type KeyFault = "edit.required" | "edit.key.wrong";

export interface TopicFaults {
	label?: "edit.required";
	key?: KeyFault | "edit.topic.key.taken";
	weight?: "edit.weight.wrong";
}

export interface DraftFaults {
	name?: "edit.required";
	key?: KeyFault | "edit.key.taken";
	text?: "edit.required";
	topics: TopicFaults[];
	count: number;
}

const MOST_WEIGHT = 1e6;
const LEAST_WEIGHT = 1e-6;

/** A weight as people type it, with a point or a comma; NaN if it is none. */
export function weightOf(typed: string): number {
	const text = typed.trim().replace(",", ".");
	return /^\d+(?:\.\d*)?$|^\.\d+$/.test(text) ? Number(text) : NaN;
}

/** The weight as one would type it. */
export function typed(language: Language, weight: number): string {
	return new Intl.NumberFormat(language, { useGrouping: false, maximumFractionDigits: 6 }).format(weight);
}

function keyFault(key: string): KeyFault | undefined {
	if (key.trim() === "") return "edit.required";
	return key !== key.trim() || /["\\]/.test(key) ? "edit.key.wrong" : undefined;
}

function required(text: string): "edit.required" | undefined {
	return text.trim() === "" ? "edit.required" : undefined;
}

function topicFaults(line: TopicLine, before: readonly TopicLine[]): TopicFaults {
	const weight = weightOf(line.weight);
	const label = required(line.label);
	const key =
		keyFault(line.key) ?? (before.some((o) => o.key === line.key) ? "edit.topic.key.taken" : undefined);
	const isWeight = weight === 0 || (weight >= LEAST_WEIGHT && weight <= MOST_WEIGHT);
	return {
		...(label === undefined ? {} : { label }),
		...(key === undefined ? {} : { key }),
		...(isWeight ? {} : { weight: "edit.weight.wrong" as const }),
	};
}

/** `taken`: keys of other scripts, which a new one may not have. */
export function faultsOf(draft: Draft, taken: readonly string[]): DraftFaults {
	const name = required(draft.name);
	const key = keyFault(draft.key) ?? (taken.includes(draft.key) ? "edit.key.taken" : undefined);
	const text = required(draft.text);
	const topics = draft.topics.map((x, i) => topicFaults(x, draft.topics.slice(0, i)));
	const count =
		[name, key, text].filter((f) => f !== undefined).length +
		topics.reduce((sum, f) => sum + Object.keys(f).length, 0);
	return {
		...(name === undefined ? {} : { name }),
		...(key === undefined ? {} : { key }),
		...(text === undefined ? {} : { text }),
		topics,
		count,
	};
}
