"""What minijax.tree_util exports; written from the table in `__init__.py`."""

from minijax.core.key_path import DictKey as DictKey
from minijax.core.key_path import FlattenedIndexKey as FlattenedIndexKey
from minijax.core.key_path import GetAttrKey as GetAttrKey
from minijax.core.key_path import KeyPath as KeyPath
from minijax.core.key_path import SequenceKey as SequenceKey
from minijax.core.key_path import keystr as keystr
from minijax.core.partial import Partial as Partial
from minijax.core.pytree import is_tree_node as is_tree_node
from minijax.core.pytree_nodes import register_dataclass as register_dataclass
from minijax.core.pytree_nodes import register_pytree_node as register_pytree_node
from minijax.core.pytree_nodes import register_pytree_node_class as register_pytree_node_class
from minijax.core.pytree_nodes import register_pytree_with_keys as register_pytree_with_keys
from minijax.core.pytree_nodes import (
    register_pytree_with_keys_class as register_pytree_with_keys_class,
)
from minijax.core.pytree_nodes import register_static as register_static
from minijax.core.tree_library import PyTreeDef as PyTreeDef
from minijax.tree_util.registry import KeyEntry as KeyEntry
from minijax.tree_util.registry import PyTreeRegistry as PyTreeRegistry
from minijax.tree_util.registry import default_registry as default_registry
from minijax.tree_util.registry import flatten_one_level as flatten_one_level
from minijax.tree_util.registry import flatten_one_level_with_keys as flatten_one_level_with_keys
from minijax.tree_util.trees import all_leaves as all_leaves
from minijax.tree_util.trees import tree_all as tree_all
from minijax.tree_util.trees import tree_broadcast as tree_broadcast
from minijax.tree_util.trees import tree_flatten as tree_flatten
from minijax.tree_util.trees import tree_flatten_with_path as tree_flatten_with_path
from minijax.tree_util.trees import tree_leaves as tree_leaves
from minijax.tree_util.trees import tree_leaves_with_path as tree_leaves_with_path
from minijax.tree_util.trees import tree_map as tree_map
from minijax.tree_util.trees import tree_map_with_path as tree_map_with_path
from minijax.tree_util.trees import tree_reduce as tree_reduce
from minijax.tree_util.trees import tree_reduce_associative as tree_reduce_associative
from minijax.tree_util.trees import tree_structure as tree_structure
from minijax.tree_util.trees import tree_transpose as tree_transpose
from minijax.tree_util.trees import tree_unflatten as tree_unflatten
from minijax.tree_util.trees import treedef_children as treedef_children
from minijax.tree_util.trees import treedef_is_leaf as treedef_is_leaf
from minijax.tree_util.trees import treedef_tuple as treedef_tuple

__all__ = [
    "DictKey",
    "FlattenedIndexKey",
    "GetAttrKey",
    "KeyEntry",
    "KeyPath",
    "Partial",
    "PyTreeDef",
    "PyTreeRegistry",
    "SequenceKey",
    "all_leaves",
    "default_registry",
    "flatten_one_level",
    "flatten_one_level_with_keys",
    "is_tree_node",
    "keystr",
    "register_dataclass",
    "register_pytree_node",
    "register_pytree_node_class",
    "register_pytree_with_keys",
    "register_pytree_with_keys_class",
    "register_static",
    "tree_all",
    "tree_broadcast",
    "tree_flatten",
    "tree_flatten_with_path",
    "tree_leaves",
    "tree_leaves_with_path",
    "tree_map",
    "tree_map_with_path",
    "tree_reduce",
    "tree_reduce_associative",
    "tree_structure",
    "tree_transpose",
    "tree_unflatten",
    "treedef_children",
    "treedef_is_leaf",
    "treedef_tuple",
]
