/*
 * Applying again all that the filters name. What always holds: it is counted before it is asked,
 * and only what had been received when it was counted is applied, not what came in meanwhile.
 */
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api } from "../../api/client";
import { useT } from "../../i18n";
import { common } from "../../i18n/common";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import { Button, ErrorState, FormError, Notice, Progress, ui } from "../../ui";
import { Dialog } from "../../ui/dialog";
import { texts } from "./messages";
import { loadJournal, queryOf, type Filters } from "./useJournal";

const PAGE = 200;
const MOST = 10_000;

interface Count {
	n: number;
	done: boolean;
	more: boolean;
	error: unknown;
}

/** Counts by walking the list: the server has no shorter way to say how many there are. */
function useCount(slug: string, filters: Filters) {
	const [count, setCount] = useState<Count>({ n: 0, done: false, more: false, error: null });
	const [round, setRound] = useState(0);

	useEffect(() => {
		const stop = new AbortController();
		const walk = async () => {
			let n = 0;
			let cursor: string | null = null;
			let more: boolean;
			setCount({ n, done: false, more: false, error: null });
			do {
				const page = await loadJournal(slug, filters, PAGE, cursor, stop.signal);
				n += page.rows.length;
				cursor = page.next;
				more = cursor !== null && n < MOST;
				setCount({ n, done: !more, more: cursor !== null && !more, error: null });
			} while (more);
		};
		walk().catch((error: unknown) => {
			if (!stop.signal.aborted) setCount((c) => ({ ...c, error }));
		});
		return () => stop.abort();
	}, [slug, filters, round]);
	return { ...count, again: () => setRound(round + 1) };
}

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
	const count = useCount(slug, fixed);
	const replay = useMutation({
		mutationFn: () => {
			const named = Object.entries(queryOf(fixed)).filter(([, v]) => v !== undefined);
			const body = Object.fromEntries(named);
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
	const ready = count.done && count.error === null && count.n > 0;
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
						{count.more ? t("replay.confirmMany") : t("replay.confirm", { n: count.n })}
					</Button>
				</>
			}
		>
			<div className={ui.stack}>
				<p>{describe === "" ? t("replay.noFilters") : t("replay.filters", { filters: describe })}</p>
				{count.error !== null ? (
					<ErrorState error={count.error} retry={count.again} />
				) : (
					<p role="status">
						<strong>
							{!count.done
								? t("replay.counting", { n: count.n })
								: count.n === 0
									? t("replay.none")
									: count.more
										? t("replay.many", { n: MOST })
										: t("replay.count", { n: count.n })}
						</strong>
					</p>
				)}
				{!count.done && count.error === null && (
					<Progress value={null} label={t("replay.counting", { n: count.n })} />
				)}
				<p className={ui.muted}>{t("replay.harmless")}</p>
				{filters.status === "parked" && !can("operator") && (
					<Notice tone="amber">{t("replay.parked")}</Notice>
				)}
				<FormError error={replay.error} />
			</div>
		</Dialog>
	);
}
