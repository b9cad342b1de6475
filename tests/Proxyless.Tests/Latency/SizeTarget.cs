namespace Proxyless.Tests.Latency;

/// <summary>
/// A target on which a model takes a millisecond for each megabyte of its file: the same on every machine, and no time.
/// </summary>
internal static class SizeTarget
{
    /// <summary>The target's YAML file; a shell runs its program.</summary>
    public static byte[] File { get; } =
        System.Text.Encoding.UTF8.GetBytes(
            "kind: command\ncommand: [sh, -c, 'wc -c < \"$0\" | awk \"{ print \\$1 / 1e6 }\"', '{model}']\npattern: "
                + "'([0-9.e-]+)'\nrepeats: 1\n"
        );
}
