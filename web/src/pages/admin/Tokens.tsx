/* The tokens that open this server: who has which, and an end to one. */
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Token } from "../../api/types";
import { useT } from "../../i18n";
import { common } from "../../i18n/common";
import { useToast } from "../../shell/toasts";
import {
	Badge,
	Button,
	Empty,
	ErrorState,
	Icon,
	Panel,
	Skeleton,
	Time,
	TableWrap,
	ui,
	type Tone,
} from "../../ui";
import { Confirm } from "../../ui/dialog";
import css from "./admin.module.css";
import { texts } from "./messages";
import { TokenForm } from "./TokenForm";

const TONE: Record<Token["role"], Tone> = { viewer: "grey", agent: "blue", admin: "accent" };

function Revoke({ token, onClose }: { token: Token; onClose: () => void }) {
	const t = useT(texts);
	const cache = useQueryClient();
	const say = useToast();
	const revoke = useMutation({
		mutationFn: () => api.delete("/api/tokens/{id}", { path: { id: token.id } }),
		onSuccess: () => {
			say(t("tokens.revoked"));
			void cache.invalidateQueries({ queryKey: keys.tokens });
			onClose();
		},
	});
	return (
		<Confirm
			open
			onClose={onClose}
			onConfirm={() => revoke.mutate()}
			title={t("tokens.revokeTitle")}
			text={t("tokens.revokeText", { name: token.name })}
			action={t("tokens.revoke")}
			busy={revoke.isPending}
			error={revoke.error}
		/>
	);
}

function Rows({ tokens, onRevoke }: { tokens: Token[]; onRevoke: (token: Token) => void }) {
	const t = useT(texts);
	return (
		<TableWrap label={t("tab.tokens")}>
			<table className={ui.table}>
				<thead>
					<tr>
						<th scope="col">{t("name")}</th>
						<th scope="col">{t("tokens.role")}</th>
						<th scope="col">{t("tokens.client")}</th>
						<th scope="col">{t("tokens.created")}</th>
						<th scope="col">
							<span className="sr-only">{t("actions")}</span>
						</th>
					</tr>
				</thead>
				<tbody>
					{tokens.map((x) => (
						<tr key={x.id}>
							<td className={css.name}>
								<bdi>{x.name}</bdi>
							</td>
							<td>
								<Badge tone={TONE[x.role]} icon="user">
									{t(`role.${x.role}`)}
								</Badge>
							</td>
							<td>
								{x.clientSlug === null ? t("tokens.allClients") : <code>{x.clientSlug}</code>}
							</td>
							<td>
								<Time at={x.createdAt} />
							</td>
							<td>
								<Button
									kind="danger"
									onClick={() => onRevoke(x)}
									aria-label={t("tokens.revokeOf", { name: x.name })}
								>
									{t("tokens.revoke")}
								</Button>
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</TableWrap>
	);
}

export function Tokens() {
	const t = useT(texts);
	const c = useT(common);
	const [making, setMaking] = useState(false);
	const [revoking, setRevoking] = useState<Token | null>(null);
	const list = useInfiniteQuery({
		queryKey: keys.tokens,
		queryFn: ({ pageParam, signal }) =>
			api.get("/api/tokens", { query: { limit: 100, cursor: pageParam ?? undefined }, signal }),
		initialPageParam: null as string | null,
		getNextPageParam: (last) => last.nextCursor,
	});
	const tokens = list.data?.pages.flatMap((p) => p.data) ?? [];
	return (
		<Panel
			title={t("tab.tokens")}
			action={
				<Button kind="primary" onClick={() => setMaking(true)}>
					<Icon name="plus" />
					{t("tokens.add")}
				</Button>
			}
		>
			{list.isPending && <Skeleton lines={4} />}
			{list.isError && <ErrorState error={list.error} retry={() => void list.refetch()} />}
			{list.isSuccess && tokens.length === 0 && (
				<Empty title={t("tab.tokens")}>{t("tokens.none")}</Empty>
			)}
			{tokens.length > 0 && <Rows tokens={tokens} onRevoke={setRevoking} />}
			{list.hasNextPage && (
				<Button onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>
					{c("more")}
				</Button>
			)}
			{making && <TokenForm onClose={() => setMaking(false)} />}
			{revoking !== null && <Revoke token={revoking} onClose={() => setRevoking(null)} />}
		</Panel>
	);
}
