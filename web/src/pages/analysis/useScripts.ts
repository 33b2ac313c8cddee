/* The scripts of a client, by key, of each the newest version first, and which of them is in use. */
import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Script } from "../../api/types";
import { useSession } from "../../shell/session";

export interface ScriptFamily {
	key: string;
	versions: Script[];
	/** The highest version in use: the one that a run takes. */
	active: Script | undefined;
}

export function familiesOf(scripts: readonly Script[]): ScriptFamily[] {
	const families = new Map<string, Script[]>();
	for (const script of scripts)
		families.set(script.scriptKey, [...(families.get(script.scriptKey) ?? []), script]);
	return [...families].map(([key, all]) => {
		const versions = [...all].sort((a, b) => b.version - a.version);
		return { key, versions, active: versions.find((s) => s.isActive) };
	});
}

export function useScripts() {
	const { slug, can } = useSession();
	return useQuery({
		queryKey: keys.scripts(slug),
		enabled: can("admin"),
		queryFn: async ({ signal }): Promise<ScriptFamily[]> => {
			const all: Script[] = [];
			let cursor: string | undefined;
			do {
				const page = await api.get("/api/admin/{slug}/analysis-scripts", {
					path: { slug },
					query: { limit: 200, cursor },
					signal,
				});
				all.push(...page.data);
				cursor = page.nextCursor ?? undefined;
			} while (cursor !== undefined);
			return familiesOf(all);
		},
	});
}
