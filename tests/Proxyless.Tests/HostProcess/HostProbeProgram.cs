namespace Proxyless.Tests.HostProcess;

/// <summary>Proxyless.HostProbe, beside the tests, whose libtorch it uses.</summary>
internal static class HostProbeProgram
{
    /// <summary>The program and its words.</summary>
    /// <param name="arguments">The words after the program's name.</param>
    public static string[] Words(params string[] arguments)
    {
        string tests = Path.Combine(AppContext.BaseDirectory, "Proxyless.Tests");
        return
        [
            "dotnet",
            "exec",
            "--depsfile",
            $"{tests}.deps.json",
            "--runtimeconfig",
            $"{tests}.runtimeconfig.json",
            Path.Combine(AppContext.BaseDirectory, "Proxyless.HostProbe.dll"),
            .. arguments,
        ];
    }
}
