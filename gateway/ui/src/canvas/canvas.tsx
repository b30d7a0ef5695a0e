/** The graph of a plan: pan, zoom, fit, and nodes that may be moved by hand. */
import {
  Background,
  BackgroundVariant,
  Controls,
  type Edge,
  MiniMap,
  type NodeChange,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
} from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { mediumColour } from "../kit/media.ts";
import { NARROW, useMedia } from "../kit/theme.ts";
import type { Step } from "../state/model.ts";
import { inReadingOrder, layout, links } from "./layout.ts";
import { type Direction, NODE_HEIGHT, NODE_WIDTH, type Place } from "./sizes.ts";
import { type StepData, StepNode, type StepNodeType } from "./step-node.tsx";

const NODE_TYPES = { step: StepNode };

export interface CanvasProps {
  /** Another plan is another drawing: what was moved by hand is forgotten. */
  plan_id: string;
  steps: Step[];
  /** What is to be known of a step, by its key. */
  notes?: Record<string, string[]>;
  ghost: boolean;
  open: string | null;
  onOpen: (key: string) => void;
  theme: "light" | "dark";
}

export function Canvas(props: CanvasProps) {
  const direction: Direction = useMedia(NARROW) ? "TB" : "LR";
  // A screen that is turned gets a drawing of its own: handles and places are others.
  return (
    <ReactFlowProvider key={direction}>
      <Flow {...props} direction={direction} />
    </ReactFlowProvider>
  );
}

function Flow({
  plan_id,
  steps,
  notes = NO_NOTES,
  ghost,
  open,
  onOpen,
  theme,
  direction,
}: CanvasProps & { direction: Direction }) {
  const places = useLayout(steps, direction);
  const [moved, onNodesChange] = useMoved(plan_id);
  const nodes = useMemo(() => {
    const upright = direction === "TB";
    return inReadingOrder(steps).map((step) =>
      toNode(step.key, moved[step.key] ?? places[step.key], {
        step,
        notes: notes[step.key] ?? NONE,
        ghost,
        upright,
        open: open === step.key,
        onOpen,
      }),
    );
  }, [steps, places, moved, direction, notes, ghost, open, onOpen]);
  const edges = useMemo(() => toEdges(steps, places, direction), [steps, places, direction]);
  const onMoveStart = useFitting(plan_id, steps);
  const roomy = useMedia("(min-width: 1100px)");
  const far = useStore((store) => store.transform[2] < FAR);
  return (
    <ReactFlow
      className={far ? "far" : ""}
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      onNodesChange={onNodesChange}
      onMoveStart={onMoveStart}
      colorMode={theme}
      nodesFocusable={false}
      edgesFocusable={false}
      nodesConnectable={false}
      elementsSelectable={false}
      deleteKeyCode={null}
      minZoom={0.1}
      maxZoom={1.6}
      fitView
      fitViewOptions={FIT}
      aria-label="Plan, left to right by dependency"
      proOptions={{ hideAttribution: false }}
    >
      <Background variant={BackgroundVariant.Dots} gap={22} size={1.4} />
      <Controls showInteractive={false} position="bottom-left" />
      {roomy && steps.length > 0 ? (
        <MiniMap<StepNodeType>
          position="bottom-right"
          pannable
          zoomable
          ariaLabel="Overview of the plan"
          nodeColor={(node) => mediumColour(node.data.step.agent_type)}
          nodeBorderRadius={18}
          style={{ width: 168, height: 104 }}
        />
      ) : null}
    </ReactFlow>
  );
}

const NO_NOTES: Record<string, string[]> = {};
const NONE: string[] = [];
/** Below this zoom a step shows its name alone, in large letters. */
const FAR = 0.45;
const FIT = { padding: 0.1, maxZoom: 1.05 };

function useLayout(steps: Step[], direction: Direction): Record<string, Place> {
  const shape = JSON.stringify(steps.map(({ key, depends_on }) => ({ key, depends_on })));
  return useMemo(
    () => layout(JSON.parse(shape) as Pick<Step, "key" | "depends_on">[], direction),
    [shape, direction],
  );
}

function useMoved(plan_id: string): [Record<string, Place>, (changes: NodeChange<StepNodeType>[]) => void] {
  const [moved, setMoved] = useState<{ plan_id: string; places: Record<string, Place> }>({
    plan_id,
    places: {},
  });
  const places = moved.plan_id === plan_id ? moved.places : NOTHING_MOVED;
  const onNodesChange = useCallback(
    (changes: NodeChange<StepNodeType>[]) => {
      const now = changes.flatMap((change) =>
        change.type === "position" && change.position ? [[change.id, change.position] as const] : [],
      );
      if (now.length === 0) return;
      setMoved((before) => ({
        plan_id,
        places: { ...(before.plan_id === plan_id ? before.places : {}), ...Object.fromEntries(now) },
      }));
    },
    [plan_id],
  );
  return [places, onNodesChange];
}

const NOTHING_MOVED: Record<string, Place> = {};

/** Keeps the whole plan in view while it grows, until the person takes the view into their own hands. */
function useFitting(plan_id: string, steps: Step[]): (event: unknown) => void {
  const { fitView } = useReactFlow();
  const by_hand = useRef<string | null>(null);
  const calm = useMedia("(prefers-reduced-motion: reduce)");
  const count = steps.length;
  const room = useStore((store) => roomOf(store.width, store.height));
  useEffect(() => {
    if (count === 0 || room === 0 || by_hand.current === plan_id) return;
    const frame = requestAnimationFrame(() => void fitView({ ...FIT, duration: calm ? 0 : 320 }));
    return () => cancelAnimationFrame(frame);
  }, [count, room, plan_id, fitView, calm]);
  return useCallback(
    (event: unknown) => {
      if (event) by_hand.current = plan_id;
    },
    [plan_id],
  );
}

/** The same for changes that are too small to see. */
const roomOf = (width: number, height: number): number => Math.round(width / 40) * Math.round(height / 40);

const toNode = (key: string, position: Place | undefined, data: StepData): StepNodeType => ({
  id: key,
  type: "step",
  position: position ?? { x: 0, y: 0 },
  width: NODE_WIDTH,
  height: NODE_HEIGHT,
  data,
});

/** From the end of a row to the beginning of the next an edge goes around the steps between. */
function goesBack(from: Place | undefined, to: Place | undefined, direction: Direction): boolean {
  if (!from || !to) return false;
  return direction === "LR" ? to.x <= from.x : to.y <= from.y;
}

function toEdges(steps: Step[], places: Record<string, Place>, direction: Direction): Edge[] {
  const by_key = new Map(steps.map((step) => [step.key, step]));
  return links(steps).map(([from, to]) => {
    const target = by_key.get(to);
    const source = by_key.get(from);
    const flowing = target?.status === "running" || target?.status === "ready";
    const carried = source?.status === "succeeded";
    return {
      id: `${from}-${to}`,
      source: from,
      target: to,
      type: goesBack(places[from], places[to], direction) ? "smoothstep" : "default",
      animated: flowing,
      className: carried ? "edge carried" : "edge",
      style: carried || flowing ? { stroke: mediumColour(source?.agent_type ?? "") } : {},
    };
  });
}
