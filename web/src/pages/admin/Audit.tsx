/* Who did what, newest first. An action that has no word here is shown by its code. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { AuditEntry } from "../../api/types";
import { useT, type Translate } from "../../i18n";
import { common } from "../../i18n/common";
import { detailWords, type Speak } from "../../lib/audit";
import { useSession } from "../../shell/session";
import { Button, cx, Empty, ErrorState, Panel, Skeleton, Time, TableWrap, ui } from "../../ui";
import { keyOf, texts } from "./messages";

function actorText(actor: string, t: Translate<typeof texts>): string {
	const known = keyOf(`actor.${actor}`);
	if (known !== null) return t(known);
	const token = /^token:(.{8})/.exec(actor);
	return token === null ? actor : t("actor.token", { id: `…${actor.slice(-6)}` });
}

function Subject({ entry: e }: { entry: AuditEntry }) {
	const t = useT(texts);
	const { slug } = useSession();
	if (e.subjectKind === null) return <>–</>;
	const known = keyOf(`subject.${e.subjectKind}`);
	const name = known === null ? e.subjectKind : t(known);
	const id = e.subjectId === null ? null : <code className={ui.small}>…{e.subjectId.slice(-6)}</code>;
	if (e.subjectKind === "connection" && e.subjectId !== null)
		return (
			<Link href={`/${slug}/whatsapp/${e.subjectId}`}>
				{name} {id}
			</Link>
		);
	return (
		<span title={e.subjectId ?? undefined}>
			{name} {id}
		</span>
	);
}

/* In the reader's words where there are some. */
function speakIn(t: Translate<typeof texts>): Speak {
	return (word, name) => {
		const key = keyOf(name === null ? `detail.${word}` : `${name}.${word}`);
		return key === null ? word : t(key).toLowerCase();
	};
}

function actionKey(e: AuditEntry): keyof typeof texts | null {
	const detail = e.detail as { kind?: unknown } | null;
	return (
		(typeof detail?.kind === "string" ? keyOf(`action.${e.action}.${detail.kind}`) : null) ??
		keyOf(`action.${e.action}`)
	);
}

function Row({ entry: e }: { entry: AuditEntry }) {
	const t = useT(texts);
	const action = actionKey(e);
	return (
		<tr>
			<td className={ui.short}>
				<Time at={e.at} as="exact" />
			</td>
			<td className={ui.named} title={e.actor}>
				{actorText(e.actor, t)}
			</td>
			<td>{action === null ? <code>{e.action}</code> : <span title={e.action}>{t(action)}</span>}</td>
			<td className={ui.short}>
				<Subject entry={e} />
			</td>
			<td>
				<bdi className={cx(ui.small, ui.muted)}>{detailWords(e.detail, speakIn(t))}</bdi>
			</td>
		</tr>
	);
}

export function Audit() {
	const t = useT(texts);
	const c = useT(common);
	const { slug, client } = useSession();
	const list = useInfiniteQuery({
		queryKey: keys.audit(slug),
		queryFn: ({ pageParam, signal }) =>
			api.get("/api/clients/{slug}/audit-log", {
				path: { slug },
				query: { limit: 50, cursor: pageParam ?? undefined },
				signal,
			}),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.nextCursor,
		staleTime: 0,
	});
	const rows = list.data?.pages.flatMap((p) => p.data) ?? [];
	return (
		<Panel title={t("tab.auditoria")}>
			<div className={ui.stack}>
				<p className={cx(ui.muted, ui.small)}>{t("audit.text", { name: client?.name ?? slug })}</p>
				{list.isPending && <Skeleton lines={8} />}
				{list.isError && rows.length === 0 && (
					<ErrorState error={list.error} retry={() => void list.refetch()} />
				)}
				{list.isSuccess && rows.length === 0 && <Empty title={t("audit.none")} />}
				{rows.length > 0 && (
					<TableWrap label={t("tab.auditoria")}>
						<table className={ui.table}>
							<thead>
								<tr>
									<th scope="col">{t("audit.at")}</th>
									<th scope="col">{t("audit.actor")}</th>
									<th scope="col">{t("audit.action")}</th>
									<th scope="col">{t("audit.subject")}</th>
									<th scope="col">{t("audit.detail")}</th>
								</tr>
							</thead>
							<tbody>
								{rows.map((e) => (
									<Row key={e.id} entry={e} />
								))}
							</tbody>
						</table>
					</TableWrap>
				)}
				{list.isFetchNextPageError && <ErrorState error={list.error} />}
				{list.hasNextPage && (
					<div>
						<Button onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>
							{list.isFetchingNextPage ? c("loading") : c("more")}
						</Button>
					</div>
				)}
			</div>
		</Panel>
	);
}
