using System.Diagnostics;

namespace Proxyless.Measurement;

/// <summary>Starts the running program again, for work in a separate process.</summary>
internal static class OwnProgram
{
    /// <summary>
    /// Returns how to start this program again; its arguments are added to <see cref="ProcessStartInfo.ArgumentList"/>.
    /// </summary>
    /// <param name="assembly">The file name of the program's assembly, such as <c>program.dll</c>.</param>
    public static ProcessStartInfo Start(string assembly)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!);

        // Started by the dotnet host, the program is the host's first argument.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, assembly));
        }

        return start;
    }
}
