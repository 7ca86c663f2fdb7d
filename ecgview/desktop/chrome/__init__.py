"""What stands around the trace: the window itself, its menus, toolbar, strips, rails and status line."""
