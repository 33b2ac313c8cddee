/* Contacts and history are asked of Meta again, and what came of it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Connection } from "../../api/types";
import { useT } from "../../i18n";
import { metaReasons } from "../../i18n/meta";
import { useSession } from "../../shell/session";
import { Button, cx, FormError, Notice, ui } from "../../ui";
import { texts } from "./messages";
import { untilEnded } from "./onboarding";

export function AskAgain({ connection: c }: { connection: Connection }) {
	const t = useT(texts);
	const meta = useT(metaReasons);
	const { slug, can } = useSession();
	const cache = useQueryClient();
	const left = useRef(new AbortController());
	useEffect(() => {
		const here = new AbortController();
		left.current = here;
		return () => here.abort();
	}, []);
	const ask = useMutation({
		mutationFn: async () => {
			const { signal } = left.current;
			const begun = await api.post("/api/connections/{id}/history-sync/request", {
				path: { id: c.id },
				signal,
			});
			return await untilEnded(slug, begun, signal);
		},
		onSuccess: () => void cache.invalidateQueries({ queryKey: keys.connections(slug) }),
	});
	const isPossible = c.hasAccessToken === true && can("admin");
	const onboarding = ask.data?.onboarding;
	const reason = onboarding?.error?.reason;
	return (
		<div className={ui.stack}>
			<div>
				<Button disabled={!isPossible || ask.isPending} onClick={() => ask.mutate()}>
					{t("again")}
				</Button>
			</div>
			{c.hasAccessToken !== true && <p className={cx(ui.small, ui.muted)}>{t("again.why")}</p>}
			{ask.isPending && <p role="status">{t("again.asking")}</p>}
			{onboarding?.status === "done" && reason === undefined && <p role="status">{t("again.asked")}</p>}
			{onboarding !== undefined && reason !== undefined && <Notice tone="red">{meta(reason)}</Notice>}
			<FormError error={ask.error} />
		</div>
	);
}
