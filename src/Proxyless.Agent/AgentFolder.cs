using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxyless.Files;

namespace Proxyless.Agent;

/// <summary>The agent's certificate and token, in files that only its user can read.</summary>
/// <param name="path">The folder.</param>
internal sealed class AgentFolder(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int TokenBytes = 32;
    private const int Years = 10;

    private readonly string _path = path.Length > 0 ? path : throw new AgentException("--folder is empty; give a path");

    private string CertificateFile => Path.Combine(_path, "certificate.pfx");

    private string TokenFile => Path.Combine(_path, "token");

    /// <summary>The file that clients need, for the machine that searches.</summary>
    public string TargetFile => Path.Combine(_path, "target.yaml");

    /// <summary>Creates a certificate, a token, and the target file for clients.</summary>
    /// <param name="host">The name or address by which clients reach this device.</param>
    /// <param name="port">The port.</param>
    /// <exception cref="AgentException">
    /// There is an agent already, the folder cannot be written, or clients could reach nothing by that name.
    /// </exception>
    public void Create(string host, int port)
    {
        try
        {
            CreateFiles(host, port);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AgentException(
                $"'{_path}' cannot be written: {exception.Message}; choose another --folder",
                exception
            );
        }
    }

    private void CreateFiles(string host, int port)
    {
        string address = AddressOf(host, port);
        if (File.Exists(CertificateFile))
        {
            throw new AgentException(
                $"'{_path}' holds an agent's certificate and token already; clients know it by them. Remove them, or "
                    + $"choose another --folder"
            );
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(_path);
        }
        else
        {
            Directory.CreateDirectory(_path, OwnerOnly | UnixFileMode.UserExecute);
        }

        string token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes));
        using X509Certificate2 certificate = SelfSigned();
        AtomicFile.WritePrivateText(TokenFile, token);
        string target = $"""
            kind: agent
            address: {address}
            fingerprint: {certificate.GetCertHashString(HashAlgorithmName.SHA256)}
            token: {token}
            threads: 1
            batch: 1

            """;
        AtomicFile.WritePrivateText(TargetFile, target.ReplaceLineEndings("\n"));

        // The last: without it nobody can know the agent, and what a full disk left unfinished is made anew.
        AtomicFile.WritePrivateBytes(CertificateFile, certificate.Export(X509ContentType.Pkcs12));
    }

    /// <summary>Reads the certificate with its key.</summary>
    /// <exception cref="AgentException">There is none, or it cannot be read.</exception>
    public X509Certificate2 ReadCertificate()
    {
        Require(CertificateFile);
        try
        {
            return X509CertificateLoader.LoadPkcs12FromFile(CertificateFile, password: null);
        }
        catch (CryptographicException exception)
        {
            throw new AgentException(
                $"'{CertificateFile}' cannot be read: {exception.Message}; remove the folder and run "
                    + $"'proxyless-agent init' again",
                exception
            );
        }
    }

    /// <summary>Reads the token that clients must show.</summary>
    /// <exception cref="AgentException">
    /// There is none, or it is not complete: an empty one would let everybody in.
    /// </exception>
    public string ReadToken()
    {
        Require(TokenFile);
        string token = File.ReadAllText(TokenFile).Trim();
        return token.Length == 2 * TokenBytes && token.All(char.IsAsciiHexDigit)
            ? token
            : throw new AgentException(
                $"'{TokenFile}' holds no token of {2 * TokenBytes} hexadecimal digits; remove the folder and run "
                    + $"'proxyless-agent init' again"
            );
    }

    /// <summary>The address that clients connect to; an IPv6 address is in brackets there.</summary>
    private static string AddressOf(string host, int port) =>
        Uri.CheckHostName(host) switch
        {
            UriHostNameType.Dns or UriHostNameType.IPv4 => $"https://{host}:{port}",
            UriHostNameType.IPv6 => $"https://[{host.Trim('[', ']')}]:{port}",
            _ => throw new AgentException(
                $"--host '{host}' is neither a name nor an address; give the one by which clients reach this device, "
                    + "such as 192.168.1.20"
            ),
        };

    private void Require(string file)
    {
        if (!File.Exists(file))
        {
            throw new AgentException(
                $"there is no '{file}'; 'proxyless-agent init --folder {_path}' makes certificate and token"
            );
        }
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=proxyless-agent", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(
                certificateAuthority: false,
                hasPathLengthConstraint: false,
                0,
                critical: true
            )
        );
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false)
        );

        // Devices without a battery-backed clock start in the past.
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UtcNow.AddYears(Years));
    }
}
