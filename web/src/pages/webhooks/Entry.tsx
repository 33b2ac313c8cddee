/* One entry of the journal: what became of it, why, what it said, and applying it again. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ApiError } from "../../api/client";
import { keys } from "../../api/keys";
import type { WebhookEvent } from "../../api/types";
import { byCode, useLanguage, useT } from "../../i18n";
import { bytes, number } from "../../lib/format";
import { problemOf } from "../../lib/journal";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import { Button, cx, Empty, ErrorState, FormError, Notice, Panel, Skeleton, Time, ui } from "../../ui";
import { keyOr, texts } from "./messages";
import { ParkedHelp } from "./Parked";
import { Payload } from "./Payload";
import { StatusBadge } from "./StatusBadge";
import css from "./webhooks.module.css";

const SHOWN = 20;

function Problems({ problems }: { problems: readonly unknown[] }) {
	const t = useT(texts);
	const [all, setAll] = useState(false);
	const shown = (all ? problems : problems.slice(0, SHOWN)).map(problemOf);
	return (
		<Panel title={t("problems")}>
			<ul className={css.problems}>
				{shown.map((p, i) => (
					<li key={i}>
						<strong>{t(keyOr(`problem.${p.code}`, "problem.other"))}</strong>
						{p.code !== "" && (
							<>
								{" "}
								<code className={css.codeName}>{p.code}</code>
							</>
						)}
						{p.detail !== null && (
							<>
								: <bdi>{p.detail}</bdi>
							</>
						)}
						{p.path !== null && <div className={css.place}>{p.path}</div>}
					</li>
				))}
			</ul>
			{!all && problems.length > SHOWN && (
				<Button onClick={() => setAll(true)}>{t("problem.more", { n: problems.length })}</Button>
			)}
		</Panel>
	);
}

function Facts({ entry: e }: { entry: WebhookEvent }) {
	const t = useT(texts);
	const { language } = useLanguage();
	return (
		<dl className={ui.dl}>
			<dt>{t("field")}</dt>
			<dd>{e.fields.map((f) => t(keyOr(`field.${f}`, "field.other"))).join(", ") || "–"}</dd>
			<dt>{t("number")}</dt>
			<dd>{e.phoneNumberId ?? t("noNumber")}</dd>
			<dt>{t("received")}</dt>
			<dd>
				<Time at={e.receivedAt} as="exact" />
			</dd>
			<dt>{t("appliedAt")}</dt>
			<dd>
				<Time at={e.appliedAt} as="exact" />
			</dd>
			<dt>{t("attempts")}</dt>
			<dd>{number(language, e.attempts)}</dd>
			{e.nextAttemptAt !== null && (
				<>
					<dt>{t("nextAttempt")}</dt>
					<dd>
						<Time at={e.nextAttemptAt} as="exact" />
					</dd>
				</>
			)}
			<dt>{t("size")}</dt>
			<dd>{bytes(language, e.bytes)}</dd>
			<dt>{t("id")}</dt>
			<dd>
				<code>{e.id}</code>
			</dd>
		</dl>
	);
}

export function Entry({ id, onReplayed }: { id: string; onReplayed: () => void }) {
	const t = useT(texts);
	const { slug, can } = useSession();
	const say = useToast();
	const one = useQuery({
		queryKey: keys.webhook(slug, id),
		queryFn: async ({ signal }) =>
			(await api.get("/api/webhook-events/{id}", { path: { id }, signal })).webhookEvent,
	});
	const again = () => {
		void one.refetch();
		onReplayed();
	};
	const replay = useMutation({
		mutationFn: () => api.post("/api/webhook-events/{id}/replay", { path: { id } }),
		onSuccess: ({ count }) => {
			say(count === 0 ? t("nothingReplayed") : t("replayed"), count === 0);
			again();
		},
	});
	if (one.isPending)
		return (
			<div className={css.pad}>
				<Skeleton lines={10} />
			</div>
		);
	if (one.isError && one.error instanceof ApiError && one.error.status === 404)
		return <Empty title={t("gone.title")}>{t("gone.text")}</Empty>;
	if (one.isError) return <ErrorState error={one.error} retry={() => void one.refetch()} />;
	const e = one.data;
	const bad =
		e.status === "failed" ||
		e.status === "parked" ||
		e.status === "applied_with_problems" ||
		e.status === "retrying";
	return (
		<div className={cx(ui.stack, css.pad)}>
			<div className={css.entryHead}>
				<StatusBadge status={e.status} />
				{can("admin") && (
					<Button onClick={() => replay.mutate()} disabled={replay.isPending}>
						{t("replay")}
					</Button>
				)}
			</div>
			{bad ? (
				<Notice tone={e.status === "failed" ? "red" : e.status === "retrying" ? "blue" : "amber"}>
					<p>{t(`why.${e.status}`)}</p>
					{e.error !== null && (
						<p>
							<strong>{t("error")}:</strong>{" "}
							<bdi>{byCode(texts, t, "code", e.errorCode, e.error)}</bdi>
						</p>
					)}
					{e.status === "parked" && <ParkedHelp entry={e} onReleased={again} />}
				</Notice>
			) : (
				<p className={cx(ui.muted, ui.small)}>{t(`why.${e.status}`)}</p>
			)}
			<FormError error={replay.error} />
			<Facts entry={e} />
			{e.problems.length > 0 && <Problems problems={e.problems} />}
			<Payload payload={e.payload} key={e.id} />
		</div>
	);
}
