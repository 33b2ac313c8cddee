/*
 * Applying again all that the filters name. What always holds: it is counted before it is asked,
 * and only what had been received when it was counted is applied, not what came in meanwhile.
 */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import { useT } from "../../i18n";
import { common } from "../../i18n/common";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import { Button, ErrorState, FormError, Notice, Progress, ui } from "../../ui";
import { Dialog } from "../../ui/dialog";
import { texts } from "./messages";
import { bodyOf, countReplay, type Filters } from "./useJournal";

export function ReplayDialog({
	filters,
	describe,
	onClose,
	onReplayed,
}: {
	filters: Filters;
	describe: string;
	onClose: () => void;
	onReplayed: () => void;
}) {
	const t = useT(texts);
	const c = useT(common);
	const { slug, can } = useSession();
	const say = useToast();
	const [fixed] = useState<Filters>(() => ({
		...filters,
		to: filters.to === "" ? new Date().toISOString() : filters.to,
	}));
	const count = useQuery({
		queryKey: keys.replayCount(slug, fixed),
		queryFn: ({ signal }) => countReplay(slug, fixed, signal),
		staleTime: 0,
		gcTime: 0,
	});
	const replay = useMutation({
		mutationFn: () => {
			const body = bodyOf(fixed);
			return fixed.all
				? api.post("/api/webhook-events/replay", { body })
				: api.post("/api/clients/{slug}/webhook-events/replay", { path: { slug }, body });
		},
		onSuccess: (answer) => {
			say(
				answer.count === 0 ? t("nothingReplayed") : t("replay.done", { n: answer.count }),
				answer.count === 0,
			);
			onReplayed();
			onClose();
		},
	});
	const n = count.data;
	const ready = n !== undefined && n > 0;
	return (
		<Dialog
			open
			onClose={onClose}
			title={t("replay.title")}
			foot={
				<>
					<Button onClick={onClose}>{c("cancel")}</Button>
					<Button
						kind="primary"
						onClick={() => replay.mutate()}
						disabled={!ready || replay.isPending}
					>
						{t("replay.confirm", { n: n ?? 0 })}
					</Button>
				</>
			}
		>
			<div className={ui.stack}>
				<p>{describe === "" ? t("replay.noFilters") : t("replay.filters", { filters: describe })}</p>
				{count.isError ? (
					<ErrorState error={count.error} retry={() => void count.refetch()} />
				) : (
					<p role="status">
						<strong>
							{n === undefined
								? t("replay.counting")
								: n === 0
									? t("replay.none")
									: t("replay.count", { n })}
						</strong>
					</p>
				)}
				{count.isPending && <Progress value={null} label={t("replay.counting")} />}
				<p className={ui.muted}>{t("replay.harmless")}</p>
				{filters.status === "parked" && !can("operator") && (
					<Notice tone="amber">{t("replay.parked")}</Notice>
				)}
				<FormError error={replay.error} />
			</div>
		</Dialog>
	);
}
