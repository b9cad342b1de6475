namespace Proxyless.Runtime;

/// <summary>Where what can be made again is kept: <c>$PROXYLESS_CACHE</c>, else the user's local application data.</summary>
public static class CacheFolder
{
    /// <summary>The folder for one kind of thing; it need not exist yet.</summary>
    /// <param name="kind">A folder name such as <c>native</c> or <c>latency</c>.</param>
    public static string Of(string kind)
    {
        string? root = Environment.GetEnvironmentVariable("PROXYLESS_CACHE");
        if (string.IsNullOrEmpty(root))
        {
            string data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
            root = Path.Combine(data.Length > 0 ? data : Path.GetTempPath(), "proxyless");
        }

        return Path.Combine(root, kind);
    }
}
